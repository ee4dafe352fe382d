import { createEventActions } from "../events/event-actions.ts";
import type { CreateEventParams, Event } from "../events/event.ts";
import type { InvocationContext } from "./invocation-context.ts";

/** Who an event is by, and on which branch. */
export type EventOrigin = Readonly<Pick<Event, "author" | "branch">>;

/** The members that a maker of events still has to say; `id` where it is known before the event. */
export type NewEventMembers = Omit<
  CreateEventParams,
  "invocationId" | "author" | "branch" | "timestamp"
>;

/**
 * An event of the context's invocation, made now: with an id of the invocation's source and the time of its clock.
 *
 * @param origin @defaultValue the context's agent, on its branch
 */
export function newEvent(
  { invocation, agent, branch: agentBranch }: InvocationContext,
  members: NewEventMembers,
  origin?: EventOrigin,
): Event {
  const branch = origin ? origin.branch : agentBranch;
  const event: Event = {
    ...members,
    id: members.id ?? invocation.newId(),
    invocationId: invocation.id,
    author: origin ? origin.author : agent.name,
    timestamp: invocation.clock.now(),
    actions: createEventActions(members.actions),
  };
  if (branch !== undefined) event.branch = branch;
  return event;
}
