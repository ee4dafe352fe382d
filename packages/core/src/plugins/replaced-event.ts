import type { Event } from "../events/event.ts";

/**
 * What the answer names takes the place of the event's own; who, when and which event it is stays, and whether it is
 * partial: what was done, or is to be stored, cannot be undone by what is shown.
 */
export function replacedEvent(event: Event, answer: Partial<Event>): Event {
  const { id, invocationId, timestamp } = event;
  const result: Event = { ...event, ...answer, id, invocationId, timestamp };
  if (event.partial === undefined) delete result.partial;
  else result.partial = event.partial;
  result.author = answer.author || event.author;
  result.actions = answer.actions && namesAnything(answer.actions) ? answer.actions : event.actions;
  return result;
}

/** `createEvent` fills in empty actions: they name nothing. */
function namesAnything(actions: object): boolean {
  return Object.values(actions).some(
    (value) =>
      value !== undefined &&
      (typeof value !== "object" || value === null || Object.keys(value).length > 0),
  );
}
