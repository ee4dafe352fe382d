import type { Event } from "@adk/core";
import { callsOf, responsesOf, seenEvents } from "./log.ts";

/** Whether the log has a response or a record of this call since it was last released. */
export function hasOutcome(log: readonly Event[], callId: string): boolean {
  let found = false;
  const requests = new Map<string, string>();
  for (const event of seenEvents(log)) {
    for (const call of callsOf(event)) {
      if (call.id === callId) found = false;
      const original = call.args?.["originalFunctionCall"] as { id?: string } | undefined;
      if (call.id !== undefined && original?.id) requests.set(call.id, original.id);
    }
    if (event.toolRecord?.callId === callId && !event.toolRecord.event) found = true;
    for (const { id = "" } of responsesOf(event))
      if (id === callId) found = true;
      else if (event.author === "user" && requests.get(id) === callId) found = false;
  }
  return found;
}
