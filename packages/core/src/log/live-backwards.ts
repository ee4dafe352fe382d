import type { Event } from "../events/event.ts";
import { isRewind } from "./rewind.ts";

/** The events that still count, newest first; walks only as far as it is asked to. */
export function* liveBackwards(events: readonly Event[]): Generator<Event, void, undefined> {
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index] as Event;
    if (!isRewind(event)) {
      yield event;
      continue;
    }
    const target = event.actions.rewindBeforeInvocationId;
    const start = events.findIndex((other) => other.invocationId === target);
    if (start !== -1 && start < index) index = start;
  }
}
