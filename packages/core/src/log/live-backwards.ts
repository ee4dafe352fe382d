import type { Event } from "../events/event.ts";
import { isRewind, liveEvents } from "./rewind.ts";

/** The events that still count, newest first; walks only as far as it is asked to. */
export function* liveBackwards(events: readonly Event[]): Generator<Event, void, undefined> {
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index] as Event;
    if (!isRewind(event)) {
      yield event;
      continue;
    }
    const before = liveEvents(events.slice(0, index + 1));
    for (let live = before.length - 1; live >= 0; live--) yield before[live] as Event;
    return;
  }
}
