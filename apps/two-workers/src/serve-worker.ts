import { AdkError, type App, createSessionService, Runner, type RunAsyncRequest } from "@adk/core";
import { setTimeout as delay } from "node:timers/promises";
import { Carrier } from "./carrier.ts";
import { APP_NAME } from "./courier.ts";
import type { RunMessage, Said } from "./messages.ts";
import { ORDERS } from "./orders.ts";

/** After the death of a worker others wait for so long, milliseconds. */
const LEASE_MS = 1_000;
const LOOK_EVERY_MS = 100;

/**
 * A worker: `URI BOOKS`. It runs what it is told, and looks for runs that others have left, to finish them. That is all there
 * is to a takeover: whoever finds a run in the list goes on with it by its id.
 */
export async function serveWorker(
  createApp: (carrier: Carrier, onShip: () => void) => App,
): Promise<void> {
  const say = (said: Said): void => void process.send?.(said);
  process.once("disconnect", () => process.exit());
  const [uri = "", books = ""] = process.argv.slice(2);
  const sessionService = await createSessionService(uri, { from: import.meta.url });
  const app = createApp(new Carrier(books), () => say({ kind: "shipping" }));
  const runner = new Runner({ app, sessionService, leaseTtlMs: LEASE_MS });
  const fail = (error: unknown): void => say({ kind: "failed", message: String(error) });
  process.on("message", ({ invocationId, text }: RunMessage) => {
    const newMessage = { role: "user", parts: [{ text }] };
    run(runner, { ...ORDERS, invocationId, newMessage }).catch(fail);
  });
  say({ kind: "ready" });
  for (;;) {
    const { sessions } = await sessionService.listInterrupted({ appName: APP_NAME });
    for (const { userId, sessionId, invocationId } of sessions)
      if (await run(runner, { userId, sessionId, invocationId }))
        say({ kind: "finished", invocationId });
    await delay(LOOK_EVERY_MS);
  }
}

/** @returns whether it came to its end here: others may be faster, or this worker too slow to keep its lease. */
async function run(runner: Runner, request: RunAsyncRequest): Promise<boolean> {
  try {
    for await (const event of runner.runAsync(request)) void event;
    return true;
  } catch (error) {
    if (AdkError.isInstance(error, "SESSION_BUSY") || AdkError.isInstance(error, "SESSION_FENCED"))
      return false;
    throw error;
  }
}
