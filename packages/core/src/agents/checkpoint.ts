import type { InvocationContext } from "../context/invocation-context.ts";
import type { EventActions } from "../events/event-actions.ts";
import { newEvent } from "../context/new-event.ts";
import type { Event } from "../events/event.ts";

/** An event without words that says where an agent stands, or that it has ended. */
export function stateEvent(
  context: InvocationContext,
  actions: Pick<EventActions, "agentState" | "endOfAgent">,
): Event {
  return newEvent(context, { actions });
}

/**
 * Stores where a composed agent stands, in an app that is resumable.
 *
 * @returns where the runs begin that follow from it.
 */
export async function* checkpoint(
  context: InvocationContext,
  agentState: Record<string, unknown>,
): AsyncGenerator<Event, number, undefined> {
  const { events } = context.session;
  if (!context.isResumable) return events.length;
  const event = stateEvent(context, { agentState });
  yield event;
  return events.findLastIndex(({ id }) => id === event.id) + 1 || events.length;
}
