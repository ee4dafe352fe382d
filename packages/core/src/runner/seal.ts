import type { Content, FunctionCall } from "../content/content.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { type EventOrigin, newEvent } from "../context/new-event.ts";
import type { Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { liveEvents } from "../log/rewind.ts";

const ABORTED = "INVOCATION_ABORTED";
/** ADK's words: clients look for them. */
const MESSAGE = "Invocation was aborted by client.";

/** Whether an invocation was aborted, as its live events say: the seals stand, or the first of them. */
export function isAborted(events: readonly Event[]): boolean {
  return events.some(({ errorCode }) => errorCode === ABORTED);
}

/**
 * The events that end an aborted invocation, as far as they are not stored yet: for each agent and branch one that answers the
 * calls it has left open, and a last one that says so.
 */
export function abortEvents(context: InvocationContext): Event[] {
  const { session, invocationId } = context;
  const answered = new Set<string>();
  const open: Map<string, { origin: EventOrigin; calls: FunctionCall[] }> = new Map();
  const events = liveEvents(session.events).filter((event) => event.invocationId === invocationId);
  for (const event of events)
    for (const { id } of getFunctionResponses(event)) if (id !== undefined) answered.add(id);
  for (const event of events) {
    if (event.author === "user") continue;
    const calls = getFunctionCalls(event).filter(
      ({ id }) => id !== undefined && (!answered.has(id) || isStillWaiting(id, event, events)),
    );
    if (calls.length === 0) continue;
    const key = JSON.stringify([event.author, event.branch ?? null]);
    const group = open.get(key) ?? { origin: event, calls: [] as FunctionCall[] };
    group.calls.push(...calls);
    open.set(key, group);
  }
  const said = { errorCode: ABORTED, errorMessage: MESSAGE };
  const seals = [...open.values()].map(({ origin, calls }) =>
    newEvent(context, { ...said, content: refusals(calls) }, origin),
  );
  const isTold = events.some(({ errorCode, content }) => errorCode === ABORTED && !content);
  return isTold ? seals : [...seals, newEvent(context, said)];
}

function refusals(calls: readonly FunctionCall[]): Content {
  return {
    role: "user",
    parts: calls.map(({ id, name }) => ({
      functionResponse: {
        ...(id === undefined ? {} : { id }),
        ...(name === undefined ? {} : { name }),
        response: { error: MESSAGE },
      },
    })),
  };
}

/** A long-running call that only its tool has reported on. */
function isStillWaiting(id: string, call: Event, events: readonly Event[]): boolean {
  return (
    (call.longRunningToolIds?.includes(id) ?? false) &&
    !events.some(
      (event) =>
        (event.author === "user" || event.errorCode === ABORTED) &&
        getFunctionResponses(event).some((response) => response.id === id),
    )
  );
}
