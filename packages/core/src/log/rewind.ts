import type { Event } from "../events/event.ts";

/**
 * The events that still count: without those that a rewind took back, and without the rewind events themselves.
 *
 * A rewind to before an invocation takes back everything from that invocation's first event that still counted, whose
 * position it knows (`rewoundFrom`). In logs of ADK for Python it does not: there that event is looked for; where none
 * counted, it goes back to the time before the very first one, and rewinds in between have no effect any more. In a list that
 * begins later than the log, an invocation that is not in it began before: nothing in front of the rewind is left. In a
 * whole log it is unknown, and only the rewind event goes. The log itself is never changed.
 *
 * @returns `events` itself when nothing was rewound.
 */
export function liveEvents(events: readonly Event[]): readonly Event[] {
  const indexes = liveIndexes(events, 0);
  return indexes === undefined ? events : indexes.map((index) => events[index] as Event);
}

/**
 * Tells which events from `from` on still count: {@link liveEvents} for those who need positions.
 *
 * @param from the first index that will be asked for; what came before it is not looked at.
 */
export function liveFrom(events: readonly Event[], from: number): (index: number) => boolean {
  const indexes = liveIndexes(events, from);
  if (indexes === undefined) return () => true;
  const live = new Set(indexes);
  return (index) => live.has(index);
}

/** Index of the first event of an invocation that still counts; `undefined` when it is unknown, or was rewound. */
export function startOfInvocation(
  events: readonly Event[],
  invocationId: string,
): number | undefined {
  const isLive = liveFrom(events, 0);
  const start = events.findIndex(
    (event, index) => event.invocationId === invocationId && !isRewind(event) && isLive(index),
  );
  return start === -1 ? undefined : start;
}

/** Whether a rewind has taken an invocation back, all of it. */
export function isRewound(events: readonly Event[], invocationId: string): boolean {
  return (
    events.some((event) => event.invocationId === invocationId) &&
    startOfInvocation(events, invocationId) === undefined
  );
}

export function isRewind(event: Event): boolean {
  return Boolean(event.actions.rewindBeforeInvocationId);
}

/** Ascending; `undefined`: all. */
function liveIndexes(events: readonly Event[], from: number): number[] | undefined {
  if (!hasRewind(events, from)) return undefined;
  // What counted at a time is a chain: each event points to the one that counted before it.
  const previous = new Int32Array(events.length);
  let last = NONE;
  for (let index = from; index < events.length; index++) {
    previous[index] = last;
    const target = (events[index] as Event).actions.rewindBeforeInvocationId;
    if (!target) {
      last = index;
      continue;
    }
    const { rewoundFrom } = events[index] as Event;
    if (rewoundFrom !== undefined) {
      while (last !== NONE && ((events[last] as Event).sequence ?? 0) >= rewoundFrom)
        last = previous[last] ?? NONE;
      continue;
    }
    const start = startInChain(events, previous, last, target) ?? firstOf(events, from, target);
    if (start < index) last = previous[start] ?? NONE;
    else if (((events[from] as Event).sequence ?? 1) > 1) last = NONE;
  }
  const live: number[] = [];
  for (let index = last; index !== NONE; index = previous[index] ?? NONE) live.push(index);
  return live.reverse();
}

const NONE = -1;

/** Events behind which, back to this sequence, there is no rewind: a log only grows, so that this is looked at once. */
const NO_REWIND_FROM: WeakMap<Event, number> = new WeakMap();

/** Lists that are looked through faster than remembered. */
const SHORT = 200;

function hasRewind(events: readonly Event[], from: number): boolean {
  const first = events[from]?.sequence;
  const newest = events.at(-1);
  const count = events.length - from;
  // Only a list without gaps tells about its log.
  const isPart = count > SHORT && first !== undefined && newest?.sequence === first + count - 1;
  for (let index = events.length - 1; index >= from; index--) {
    const event = events[index] as Event;
    if (isPart && (NO_REWIND_FROM.get(event) ?? Infinity) <= first) break;
    if (isRewind(event)) return true;
  }
  if (isPart && (NO_REWIND_FROM.get(newest) ?? Infinity) > first) NO_REWIND_FROM.set(newest, first);
  return false;
}

/** The first event of the invocation among those that counted. */
function startInChain(
  events: readonly Event[],
  previous: Int32Array,
  last: number,
  invocationId: string,
): number | undefined {
  let start: number | undefined;
  for (let index = last; index !== NONE; index = previous[index] ?? NONE)
    if ((events[index] as Event).invocationId === invocationId) start = index;
  return start;
}

function firstOf(events: readonly Event[], from: number, invocationId: string): number {
  for (let index = from; index < events.length; index++)
    if ((events[index] as Event).invocationId === invocationId) return index;
  return events.length;
}
