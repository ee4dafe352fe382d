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
  const first = events[0]?.sequence ?? Infinity;
  const coveredTo = Math.max(...summaries.map(({ to }) => to));
  // Behind the last summary nothing is left out, not even what was rewound.
  let windowFrom = coveredTo + 1;
  for (const event of live) {
    const { sequence = 0, invocationId } = event;
    if (sequence < first) continue;
    if (sequence >= windowFrom) break;
    const isNeeded =
      invocationId === openInvocationId || (isRaw(event) && !isCovered(sequence, summaries));
    if (isNeeded) windowFrom = sequence;
  }
  if (overlapSize > 0)
    windowFrom = Math.min(windowFrom, overlapStart(live, { first, coveredTo, overlapSize }));
  const standing = new Set(summaries.map(({ event }) => event));
  return { windowFrom, kept: keptEvents(request, live, windowFrom, standing) };
}

/** The first event of the invocation so many before the first one that no summary has seen. */
function overlapStart(
  live: readonly Event[],
  { first, coveredTo, overlapSize }: { first: number; coveredTo: number; overlapSize: number },
): number {
  const spans = new Map<string, { first: number; last: number }>();
  for (const event of live) {
    const { sequence = 0, invocationId } = event;
    if (sequence < first || !isRaw(event)) continue;
    const span = spans.get(invocationId);
    if (span) span.last = sequence;
    else spans.set(invocationId, { first: sequence, last: sequence });
  }
  const invocations = [...spans.values()];
  const found = invocations.findIndex(({ last }) => last > coveredTo);
  const firstNew = found === -1 ? invocations.length : found;
  return invocations[Math.max(0, firstNew - overlapSize)]?.first ?? Infinity;
}

function keptEvents(
  { pendingCalls, decidingEvent }: WindowRequest,
  live: readonly Event[],
  windowFrom: number,
  summaries: ReadonlySet<Event>,
): Event[] {
  const before = live.filter(({ sequence = 0 }) => sequence < windowFrom);
  const called = new Set(Object.keys(pendingCalls));
  const makesCalls = before.filter(
    (event) => event.author !== "user" && !callIdsOf(event).next().done,
  );
  if (makesCalls.length > 0)
    for (const event of live)
      if ((event.sequence ?? 0) >= windowFrom)
        for (const { id } of getFunctionResponses(event)) if (id !== undefined) called.add(id);
  const calling = new Set(
    makesCalls.filter((event) => [...callIdsOf(event)].some((id) => called.has(id))),
  );
  const siblings = new Set(
    [...calling].flatMap((event) => getFunctionCalls(event).flatMap(({ id }) => id ?? [])),
  );
  const deciding = decidingEvent(before);
  return before.filter(
    (event) =>
      summaries.has(event) ||
      calling.has(event) ||
      event === deciding ||
      (siblings.size > 0 &&
        getFunctionResponses(event).some(({ id }) => id !== undefined && siblings.has(id))),
  );
}
