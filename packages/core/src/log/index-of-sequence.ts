import type { Event } from "../events/event.ts";

/** Where the event of this sequence stands in a part of the log (which may have gaps); -1: it is not there. */
export function indexOfSequence(events: readonly Event[], sequence: number): number {
  let low = 0;
  let high = events.length - 1;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    const found = events[middle]?.sequence ?? 0;
    if (found === sequence) return middle;
    if (found < sequence) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
