import type { Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { liveEvents } from "./rewind.ts";
import { isCovered, standingSummaries, type Summary } from "./summaries.ts";

/** The log as a model reads it. */
export interface CompactedEvents {
  /** What still counts, with summaries in the place of what they stand for. */
  readonly events: readonly Event[];
  /** The last sequence that a summary stands for; 0 without one. */
  readonly coveredTo: number;
  /** Whether covered events were taken up again, because a response to one of their calls is left. */
  readonly hasRecovered: boolean;
}

/**
 * Puts each summary in the place of the events that it stands for. Where the response to a covered call is left, the call
 * comes right before it, together with what its siblings answered.
 *
 * @param log rewound events included.
 * @param shown those of them that are to be read at all; none of them was rewound.
 * @param author to whom the summaries are attributed: who reads them.
 */
export function compactedEvents(
  log: readonly Event[],
  shown: readonly Event[],
  author: string,
): CompactedEvents {
  const summaries = summariesAmong(log, shown);
  if (summaries.length === 0) return { events: shown, coveredTo: 0, hasRecovered: false };
  const events: Event[] = [];
  const covered: Event[] = [];
  let next = 0;
  for (const event of shown) {
    if (event.actions.compaction) continue;
    const sequence = event.sequence ?? 0;
    for (; next < summaries.length && (summaries[next] as Summary).to < sequence; next++)
      events.push(asEvent(summaries[next] as Summary, author));
    if (isCovered(sequence, summaries)) covered.push(event);
    else events.push(event);
  }
  for (; next < summaries.length; next++) events.push(asEvent(summaries[next] as Summary, author));
  const recovered = withCalls(events, covered);
  return {
    events: recovered,
    coveredTo: summaries.at(-1)?.to ?? 0,
    hasRecovered: recovered !== events,
  };
}

function summariesAmong(log: readonly Event[], shown: readonly Event[]): Summary[] {
  const compactions = shown.filter(({ actions }) => actions.compaction);
  if (compactions.length === 0) return [];
  const among = new Set(compactions);
  return standingSummaries(log, liveEvents(log))
    .filter(({ event }) => among.has(event))
    .toSorted((left, right) => left.to - right.to);
}

function asEvent({ event, content }: Summary, author: string): Event {
  return { ...event, author, content: { role: "model", ...content } };
}

/** @returns `events` itself when every response has its call, or when that is nowhere. */
function withCalls(events: Event[], covered: readonly Event[]): Event[] {
  let result: Event[] | undefined;
  const made = new Set<string>();
  for (const [index, event] of events.entries()) {
    for (const { id } of getFunctionResponses(event)) {
      if (id === undefined || made.has(id)) continue;
      const source = covered.findLast((other) => getFunctionCalls(other).some((c) => c.id === id));
      if (!source) continue;
      result ??= events.slice(0, index);
      const ids = getFunctionCalls(source).flatMap((call) => call.id ?? []);
      for (const callId of ids) made.add(callId);
      result.push(source, ...covered.filter((other) => respondsTo(other, ids)));
    }
    for (const { id } of getFunctionCalls(event)) if (id !== undefined) made.add(id);
    result?.push(event);
  }
  return result ?? events;
}

function respondsTo(event: Event, callIds: readonly string[]): boolean {
  return getFunctionResponses(event).some(({ id }) => id !== undefined && callIds.includes(id));
}
