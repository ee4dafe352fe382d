import { type Event, getFunctionCalls, type InvocationContext } from "@adk/core";
import { STAMPS_KEY } from "../internal/metadata-keys.ts";
import type { CallStamps } from "./call-stamps.ts";

/** Puts a stamp for each call into the event's metadata. */
export async function stampCalls(
  { session }: InvocationContext,
  event: Event,
  stamps: CallStamps,
): Promise<void> {
  const made: Record<string, string> = {};
  for (const call of getFunctionCalls(event))
    if (call.id !== undefined) made[call.id] = await stamps.make({ session, event, call });
  if (Object.keys(made).length > 0)
    event.customMetadata = { ...event.customMetadata, [STAMPS_KEY]: made };
}
