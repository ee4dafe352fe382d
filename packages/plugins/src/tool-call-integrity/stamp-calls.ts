import { type Event, getFunctionCalls, type InvocationContext } from "@adk/core";
import type { CallStamps } from "./call-stamps.ts";

/** Where an event's stamps stand in its `customMetadata`: by call id. */
export const STAMPS_KEY = "_tool_call_hmac";

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
