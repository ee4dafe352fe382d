import type { Event } from "../events/event.ts";
import { liveEvents } from "./rewind.ts";

/** The first event of an event's invocation, where nothing was rewound: a log only grows, so that it is looked for once. */
const FIRST: WeakMap<Event, Event> = new WeakMap();

/** The first event that still counts of the invocation of an event, which is on the log or follows it. */
export function firstOfInvocation(log: readonly Event[], event: Event): Event {
  const live = liveEvents(log);
  const isWhole = live === log && log[0]?.sequence === 1;
  const known = isWhole ? FIRST.get(event) : undefined;
  if (known) return known;
  const first = live.find(({ invocationId }) => invocationId === event.invocationId) ?? event;
  if (isWhole) FIRST.set(event, first);
  return first;
}
