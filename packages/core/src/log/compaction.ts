import { createEvent, type Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { liveBackwards } from "./live-backwards.ts";
import type { PendingCalls } from "./pending.ts";
import { isRewind, liveEvents } from "./rewind.ts";
import { selfContainedEnd } from "./self-contained.ts";
import { standingSummaries, type Summary } from "./summaries.ts";

/** What is to be summed up next. */
export interface CompactionPlan {
  /** In order; the first one holds the summary that the new one takes the place of, where there is one. */
  readonly events: readonly Event[];
  readonly from: number;
  readonly to: number;
  readonly startTimestamp: number;
  readonly endTimestamp: number;
  /**
   * The same for everybody who plans this on this log, and another one after a rewind: of several who sum up the same range
   * one is stored.
   */
  readonly id: string;
}

export interface PlanRequest {
  /** The log, or its window with what was kept of the time before. */
  readonly events: readonly Event[];
  readonly pendingCalls: PendingCalls;
  /** The invocation that is under way or was the last one. */
  readonly invocationId: string;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/**
 * The plan of the sliding window: as soon as there are so many invocations that no summary has seen, they are summed up,
 * together with some before them.
 */
export function planWindow(
  request: PlanRequest,
  { compactionInterval, overlapSize }: { compactionInterval: number; overlapSize: number },
): CompactionPlan | undefined {
  const { live, latest } = read(request.events);
  const events = live.filter(isRaw);
  const seenTo = latest?.to ?? 0;
  const invocations = spansOf(events);
  const firstNew = invocations.findIndex(({ last }) => sequenceOf(events[last]) > seenTo);
  if (firstNew === -1) return undefined;
  const fresh = invocations.filter(({ last }) => sequenceOf(events[last]) > seenTo);
  if (fresh.length < compactionInterval) return undefined;
  const from = invocations[Math.max(0, firstNew - overlapSize)]?.first ?? 0;
  const last = Math.max(...fresh.map((span) => span.last));
  const end = selfContainedEnd({ ...request, events, from, to: last + 1 });
  // Nothing but the overlap: it was summed up before.
  if (end === from || sequenceOf(events[end - 1]) <= seenTo) return undefined;
  return planOf(events.slice(from, end), undefined, request.events);
}

export interface TokenPlanOptions {
  readonly eventRetentionSize: number;
  /** Only what comes before the first event of the running invocation that is on a branch: branches do not read each other. */
  readonly beforeBranches?: boolean | undefined;
}

/**
 * The plan of the token threshold: everything since the last summary but the newest events, the last summary included, which
 * the new one takes the place of.
 */
export function planTokens(
  request: PlanRequest,
  { eventRetentionSize, beforeBranches }: TokenPlanOptions,
): CompactionPlan | undefined {
  const { live, latest } = read(request.events);
  const seenTo = latest?.to ?? 0;
  const events = live.filter((event) => isRaw(event) && sequenceOf(event) > seenTo);
  let to = events.length - eventRetentionSize;
  if (beforeBranches) {
    const branching = events.findIndex(
      ({ branch, invocationId }) => branch !== undefined && invocationId === request.invocationId,
    );
    if (branching !== -1) to = Math.min(to, branching);
  }
  if (to <= 0) return undefined;
  const end = selfContainedEnd({ ...request, events, from: 0, to });
  const planned = events.slice(0, end);
  if (planned.length === 0 || !isWorthIt(planned, latest)) return undefined;
  return planOf(planned, latest, request.events);
}

/** Whether more is taken away than a summary as long as the last one would add. */
function isWorthIt(events: readonly Event[], latest: Summary | undefined): boolean {
  if (!latest) return true;
  let length = 0;
  for (const { content } of events) if (content) length += JSON.stringify(content).length;
  return length > JSON.stringify(latest.content).length;
}

/** The tokens of the last prompt that a model has counted since the last summary. */
export function lastPromptTokens(events: readonly Event[], author?: string): number | undefined {
  for (const event of liveBackwards(events)) {
    if (event.actions.compaction) return undefined;
    const tokens = event.usageMetadata?.promptTokenCount;
    if (tokens !== undefined && (author === undefined || event.author === author)) return tokens;
  }
  return undefined;
}

function read(events: readonly Event[]): {
  live: readonly Event[];
  latest: Summary | undefined;
} {
  const live = liveEvents(events);
  const latest = standingSummaries(events, live).reduce<Summary | undefined>(
    (newest, summary) => (newest && newest.to > summary.to ? newest : summary),
    undefined,
  );
  return { live, latest };
}

function planOf(
  planned: readonly Event[],
  replaced: Summary | undefined,
  log: readonly Event[],
): CompactionPlan | undefined {
  const events = planned.filter((event) => !asksForCredentials(event));
  const first = planned[0];
  const last = planned.at(-1);
  if (events.length === 0 || !first || !last) return undefined;
  const startTimestamp = replaced?.event.actions.compaction?.startTimestamp ?? first.timestamp;
  const from = replaced ? Math.min(replaced.from, sequenceOf(first)) : sequenceOf(first);
  const to = sequenceOf(last);
  const rewoundAt = sequenceOf(log.findLast(isRewind));
  return {
    events: replaced ? [seedOf(replaced, startTimestamp), ...events] : events,
    from,
    to,
    startTimestamp,
    endTimestamp: last.timestamp,
    id: `compaction-${from}-${to}${rewoundAt > 0 ? `-${rewoundAt}` : ""}`,
  };
}

function seedOf({ event, content }: Summary, timestamp: number): Event {
  const { id, invocationId } = event;
  return Object.freeze(createEvent({ id, invocationId, author: "model", content, timestamp }));
}

/** First and last index of each invocation, in the order of their first events. */
function spansOf(events: readonly Event[]): { first: number; last: number }[] {
  const spans = new Map<string, { first: number; last: number }>();
  for (const [index, { invocationId }] of events.entries()) {
    const span = spans.get(invocationId);
    if (span) span.last = index;
    else spans.set(invocationId, { first: index, last: index });
  }
  return [...spans.values()];
}

/** Neither a summary nor a record of a tool. */
export function isRaw({ actions, toolRecord }: Event): boolean {
  return actions.compaction === undefined && toolRecord === undefined;
}

const REQUEST_CREDENTIAL = "adk_request_credential";

function asksForCredentials(event: Event): boolean {
  return (
    getFunctionCalls(event).some(({ name }) => name === REQUEST_CREDENTIAL) ||
    getFunctionResponses(event).some(({ name }) => name === REQUEST_CREDENTIAL)
  );
}

function sequenceOf(event: Event | undefined): number {
  return event?.sequence ?? 0;
}
