import type { Event } from "../events/event.ts";

/**
 * The events that still count: without those that a rewind took back, and without the rewind events themselves.
 *
 * Walks from the end. A rewind to before an invocation takes back everything from the first event of that invocation on;
 * rewinds in between have no effect any more. When that invocation is not in the list (a narrowed one), only the rewind
 * event goes. The log itself is never changed.
 *
 * @returns `events` itself when nothing was rewound.
 */
export function liveEvents(events: readonly Event[]): readonly Event[] {
  if (!events.some(isRewind)) return events;
  const live: Event[] = [];
  for (let index = events.length - 1; index >= 0; index--) {
    const event = events[index] as Event;
    const target = event.actions.rewindBeforeInvocationId;
    if (!target) {
      live.push(event);
      continue;
    }
    const start = events.findIndex((other) => other.invocationId === target);
    if (start !== -1 && start < index) index = start;
  }
  return live.reverse();
}

export function isRewind(event: Event): boolean {
  return Boolean(event.actions.rewindBeforeInvocationId);
}
