import type { Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { callIdsOf } from "./agent-run.ts";
import { isRaw } from "./compaction.ts";
import type { PendingCalls } from "./pending.ts";
import { liveEvents } from "./rewind.ts";
import { isCovered, standingSummaries } from "./summaries.ts";

/** What a session's header says of its log: what the next run loads. */
export interface LogWindow {
  /** Sequence of the first event that is loaded. */
  readonly windowFrom: number;
  /** Older events that still matter, in their order. */
  readonly kept: readonly Event[];
}

export interface WindowRequest {
  /** The log from some point on, to its end. */
  readonly events: readonly Event[];
  /** Older events that are known. */
  readonly older: readonly Event[];
  readonly pendingCalls: PendingCalls;
  /** How many invocations before the first new one a later summary takes in again. */
  readonly overlapSize: number;
  /** The invocation that the header names as open after this. */
  readonly openInvocationId: string | undefined;
  /** The event of a log, the last of `events`, that picks who takes the next turn. */
  readonly decidingEvent: (events: readonly Event[]) => Event | undefined;
}

/** The older events, then those of the window: what a run knows of the log. */
export function withOlder(older: readonly Event[], events: readonly Event[]): readonly Event[] {
  const first = events[0]?.sequence ?? Infinity;
  const before = older.filter(({ sequence = 0 }) => sequence < first);
  return before.length === 0 ? events : [...before, ...events];
}

/**
 * The window that a log needs: from the first event that no summary stands for, the overlap before it and the start of an open
 * invocation on; and of the time before, the summaries that stand, the calls that wait or whose responses are in the window,
 * and the event that picked the agent.
 *
 * @returns `undefined` when nothing was ever summed up: then everything is needed.
 */
export function logWindow(request: WindowRequest): LogWindow | undefined {
  const { events, older, openInvocationId, overlapSize } = request;
  const log = withOlder(older, events);
  const live = liveEvents(log);
  const summaries = standingSummaries(log, live);
  if (summaries.length === 0) return undefined;
  const coveredTo = Math.max(...summaries.map(({ to }) => to));
  const first = events[0]?.sequence ?? Infinity;
  // Behind the last summary nothing is left out, not even what was rewound.
  let windowFrom = coveredTo + 1;
  const invocations = new Map<string, { first: number; last: number }>();
  for (const event of live) {
    const { sequence = 0, invocationId } = event;
    if (sequence < first || !isRaw(event)) continue;
    if (sequence < windowFrom && !isCovered(sequence, summaries)) windowFrom = sequence;
    const span = invocations.get(invocationId);
    if (span) span.last = sequence;
    else invocations.set(invocationId, { first: sequence, last: sequence });
  }
  const spans = [...invocations.values()];
  const firstNew = spans.findIndex(({ last }) => last > coveredTo);
  const overlap = spans.at(Math.max(0, (firstNew === -1 ? spans.length : firstNew) - overlapSize));
  if (overlap && overlapSize > 0) windowFrom = Math.min(windowFrom, overlap.first);
  const open =
    openInvocationId === undefined
      ? undefined
      : live.find(
          ({ sequence = 0, invocationId }) =>
            sequence >= first && invocationId === openInvocationId,
        )?.sequence;
  if (open !== undefined) windowFrom = Math.min(windowFrom, open);
  const summaryEvents = new Set(summaries.map(({ event }) => event));
  return { windowFrom, kept: keptEvents(request, live, windowFrom, summaryEvents) };
}

function keptEvents(
  { pendingCalls, decidingEvent }: WindowRequest,
  live: readonly Event[],
  windowFrom: number,
  summaries: ReadonlySet<Event>,
): Event[] {
  const split = live.findIndex(({ sequence = 0 }) => sequence >= windowFrom);
  const before = split === -1 ? live : live.slice(0, split);
  const called = new Set(Object.keys(pendingCalls));
  for (const event of split === -1 ? [] : live.slice(split))
    for (const { id } of getFunctionResponses(event)) if (id !== undefined) called.add(id);
  const calling = new Set<Event>();
  for (const event of before)
    if (event.author !== "user" && [...callIdsOf(event)].some((id) => called.has(id)))
      calling.add(event);
  const siblings = new Set(
    [...calling].flatMap((event) => getFunctionCalls(event).map(({ id }) => id)),
  );
  const deciding = decidingEvent(before);
  return before.filter(
    (event) =>
      summaries.has(event) ||
      calling.has(event) ||
      event === deciding ||
      getFunctionResponses(event).some(({ id }) => id !== undefined && siblings.has(id)),
  );
}
