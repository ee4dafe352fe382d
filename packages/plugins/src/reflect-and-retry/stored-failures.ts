import { type Event, getFunctionCalls, getFunctionResponses } from "@adk/core";
import { isReflection } from "./reflection.ts";

/**
 * How often in a row a tool has failed in an invocation, as its log says: what another process has counted before a crash.
 * Responses that wait in a tool record for their event count too.
 */
export function storedToolFailures(
  events: readonly Event[],
  invocationId: string,
  tool: string,
): number {
  const names = new Map<string, string>();
  let failures = 0;
  const counted = new Set<string>();
  for (const event of events) {
    if (event.invocationId !== invocationId) continue;
    for (const { id, name } of getFunctionCalls(event)) if (id && name) names.set(id, name);
    for (const { id = "", response } of responsesOf(event)) {
      if (names.get(id) !== tool || counted.has(id)) continue;
      counted.add(id);
      failures = isReflection(response) ? failures + 1 : 0;
    }
  }
  return failures;
}

function responsesOf(event: Event): { id?: string | undefined; response?: unknown }[] {
  const { toolRecord } = event;
  if (toolRecord?.response === undefined) return getFunctionResponses(event);
  return [{ id: toolRecord.callId, response: toolRecord.response }];
}
