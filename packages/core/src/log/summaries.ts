import type { Content } from "../content/content.ts";
import type { Event } from "../events/event.ts";
import { indexOfSequence } from "./index-of-sequence.ts";

/** A summary in the log, and the range of sequences it stands for. */
export interface Summary {
  readonly event: Event;
  readonly content: Content;
  readonly from: number;
  readonly to: number;
}

/**
 * The summaries that stand, in the order of the log: those that no other covers. Where two ranges only overlap, both stand.
 *
 * A summary whose last event was rewound before the summary was stored (in the background) stands for nothing.
 *
 * @param events the log, or the part of it that was loaded, rewound events included.
 * @param live those of them that still count.
 */
export function standingSummaries(events: readonly Event[], live: readonly Event[]): Summary[] {
  const summaries: Summary[] = [];
  for (const event of live) {
    if (!event.actions.compaction) continue;
    const summary = readSummary(event, events);
    if (summary && !isRewound(summary.to, events, live)) summaries.push(summary);
  }
  return summaries.filter(
    (summary, index) =>
      !summaries.some((other, position) => covers(other, summary, position > index)),
  );
}

/** Whether `other` makes `summary` needless: its range is larger, or it is the same and comes later. */
function covers(other: Summary, summary: Summary, isLater: boolean): boolean {
  if (other.from > summary.from || other.to < summary.to) return false;
  return other.from < summary.from || other.to > summary.to || isLater;
}

function readSummary(event: Event, events: readonly Event[]): Summary | undefined {
  const { compaction } = event.actions;
  const content = compaction?.compactedContent;
  if (!content?.parts?.length) return undefined;
  const range = event.compactedSequences ?? rangeOfTimes(event, events);
  return range && { event, content, from: range.from, to: range.to };
}

/** Of a summary by ADK for Python, which knows times only. */
function rangeOfTimes(
  event: Event,
  events: readonly Event[],
): { from: number; to: number } | undefined {
  const { startTimestamp, endTimestamp } = event.actions.compaction ?? {};
  if (startTimestamp === undefined || endTimestamp === undefined) return undefined;
  const covered = events.filter(
    ({ sequence = 0, timestamp, actions }) =>
      sequence < (event.sequence ?? 0) &&
      actions.compaction === undefined &&
      timestamp >= startTimestamp &&
      timestamp <= endTimestamp,
  );
  const from = covered[0]?.sequence;
  const to = covered.at(-1)?.sequence;
  return from === undefined || to === undefined ? undefined : { from, to };
}

/** What was not loaded counts: a window begins in front of everything that was rewound since the last summary. */
function isRewound(sequence: number, events: readonly Event[], live: readonly Event[]): boolean {
  return (
    live !== events &&
    indexOfSequence(events, sequence) !== -1 &&
    indexOfSequence(live, sequence) === -1
  );
}

/** Whether a summary stands in the place of the event. */
export function isCovered(sequence: number, summaries: readonly Summary[]): boolean {
  return summaries.some(({ from, to }) => from <= sequence && sequence <= to);
}
