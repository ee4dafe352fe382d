import type { Content } from "../../content/content.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import type { Event } from "../../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../../events/predicates.ts";
import { type CompactedEvents, compactedEvents } from "../../log/compacted-events.ts";
import { isRewind, liveEvents } from "../../log/rewind.ts";
import { withOlder } from "../../log/window.ts";
import type { Session } from "../../sessions/session.ts";
import type { CallIds, SettledContents } from "./cache.ts";
import { type PairedContents, pairCalls } from "./pair-calls.ts";
import { type Entry, type Reader, selectEntries } from "./select.ts";

/** The whole history as the agent sees it, in a fresh array of shared, frozen contents. */
export function buildContents(context: InvocationContext, reader: Reader): Content[] {
  if (context.runConfig.getSessionConfig)
    return contentsOf(historyOf(context), narrowed(context), reader).paired.contents;
  return cachedContents(context, reader);
}

/** The current turn only: from the newest message of the user or word of another agent on. */
export function buildTurnContents(context: InvocationContext, reader: Reader): Content[] {
  const events = liveEvents(context.session.events);
  let start = events.length - 1;
  while (start > 0 && !startsTurn(events[start] as Event, reader)) start--;
  const shown = events.slice(Math.max(start, 0));
  return contentsOf(historyOf(context), shown, reader).paired.contents;
}

function startsTurn(event: Event, reader: Reader): boolean {
  if (event.author === reader.agentName || !event.content?.parts?.length) return false;
  if (getFunctionResponses(event).length > 0) return false;
  if (getFunctionCalls(event).some(({ name }) => name === "transfer_to_agent")) return false;
  return selectEntries([event], reader).length > 0;
}

/**
 * `getSessionConfig` narrows what was there before this invocation, and was not rewound; the invocation's own events are
 * always read.
 */
function narrowed(context: InvocationContext): readonly Event[] {
  const { numRecentEvents, afterTimestamp, afterSequence } =
    context.runConfig.getSessionConfig ?? {};
  const events = liveEvents(historyOf(context));
  const start = events.findIndex((event) => event.invocationId === context.invocationId);
  const split = start === -1 ? events.length : start;
  let earlier = events.slice(0, split).filter((event) => event.toolRecord === undefined);
  if (afterTimestamp !== undefined)
    earlier = earlier.filter((event) => event.timestamp >= afterTimestamp);
  if (afterSequence !== undefined)
    earlier = earlier.filter((event) => (event.sequence ?? 0) > afterSequence);
  if (numRecentEvents !== undefined)
    earlier = numRecentEvents === 0 ? [] : earlier.slice(-numRecentEvents);
  return [...earlier, ...events.slice(split)];
}

/** What the run knows of the log. */
function historyOf({ session, invocation }: InvocationContext): readonly Event[] {
  return withOlder(invocation.kept, session.events);
}

interface BuiltContents {
  readonly compacted: CompactedEvents;
  readonly entries: readonly Entry[];
  readonly paired: PairedContents;
}

/** @param shown what of the log is to be read. */
function contentsOf(log: readonly Event[], shown: readonly Event[], reader: Reader): BuiltContents {
  const compacted = compactedEvents(log, shown, reader.agentName);
  const entries = selectEntries(compacted.events, reader);
  return { compacted, entries, paired: pairCalls(entries, reader.now) };
}

const NO_IDS: ReadonlySet<string> = new Set();

function callIdsIn(events: readonly Event[], reader: Reader): CallIds {
  let callIds: Set<string> | undefined;
  let otherCallIds: Set<string> | undefined;
  for (const event of events) {
    if (event.author === "user") continue;
    for (const { id } of getFunctionCalls(event))
      if (id === undefined) continue;
      else if (event.author === reader.agentName) (callIds ??= new Set()).add(id);
      else (otherCallIds ??= new Set()).add(id);
  }
  return { callIds: callIds ?? NO_IDS, otherCallIds: otherCallIds ?? NO_IDS };
}

/** What is new since the last time, behind what was settled then; or all of it, when something changed what was built before. */
function cachedContents(context: InvocationContext, reader: Reader): Content[] {
  const { session, invocation } = context;
  const [first] = session.events;
  if (!first) return rebuiltContents(context, reader, undefined);
  const cache = invocation.contentsCache;
  const name = `${reader.agentName}\0${reader.branch ?? ""}\0${reader.includeThoughts}`;
  const cached = cache.get(first, name);
  const tail = cached && tailOf(session, cached, reader);
  if (!tail) {
    cache.delete(first, name);
    return rebuiltContents(context, reader, { first, name });
  }
  const { events, entries, paired } = tail;
  const contents = cached.contents.concat(paired.contents);
  const settled = entries[paired.settledEntries - 1];
  if (settled?.event.sequence !== undefined)
    cache.extend(first, name, cached, {
      upTo: settled.event.sequence,
      contents: paired.contents.slice(0, paired.settledContents),
      ...callIdsIn(events.slice(0, events.indexOf(settled.event) + 1), reader),
    });
  return contents;
}

/** `undefined`: what was settled does not hold any more, or there is a gap behind it. */
function tailOf(
  { events, firstSequence }: Session,
  cached: SettledContents,
  reader: Reader,
): { events: readonly Event[]; entries: readonly Entry[]; paired: PairedContents } | undefined {
  if (cached.upTo + 1 < firstSequence) return undefined;
  const tail = events.slice(cached.upTo + 1 - firstSequence);
  const called = callIdsIn(tail, reader);
  if (tail.some((event) => breaksCache(event, cached, called))) return undefined;
  const entries = selectEntries(tail, reader, cached.callIds);
  return { events: tail, entries, paired: pairCalls(entries, reader.now) };
}

/** Rewinds, summaries, and answers that come after their call has settled, change what was built before. */
function breaksCache(event: Event, cached: SettledContents, tail: CallIds): boolean {
  if ((event.sequence ?? 0) <= cached.builtTo) return false;
  return (
    isRewind(event) ||
    event.actions.compaction !== undefined ||
    getFunctionResponses(event).some(
      ({ id }) =>
        id !== undefined &&
        (cached.callIds.has(id) ||
          (!tail.callIds.has(id) && !tail.otherCallIds.has(id) && !cached.otherCallIds.has(id))),
    )
  );
}

/**
 * Builds everything anew and keeps what has settled of it.
 *
 * @param place where it is kept; nothing is kept of a session without events of its own.
 */
function rebuiltContents(
  context: InvocationContext,
  reader: Reader,
  place: { readonly first: Event; readonly name: string } | undefined,
): Content[] {
  const log = historyOf(context);
  const { compacted, entries, paired } = contentsOf(log, liveEvents(log), reader);
  // A single message is read faster than kept.
  if (!place || log.length === 1) return paired.contents;
  const upTo = settledTo(log, compacted, entries, paired);
  if (upTo === undefined) return paired.contents;
  const entry: SettledContents = {
    upTo: 0,
    builtTo: log.at(-1)?.sequence ?? 0,
    contents: [],
    callIds: new Set(),
    otherCallIds: new Set(),
  };
  // Calls that were rewound are nobody's: only those that are still read count.
  const settledEvents = compacted.events.filter(({ sequence = 0 }) => sequence <= upTo);
  context.invocation.contentsCache.extend(place.first, place.name, entry, {
    upTo,
    contents: paired.contents.slice(0, paired.settledContents),
    ...callIdsIn(settledEvents, reader),
  });
  return paired.contents;
}

/**
 * Position up to which the log has settled; `undefined` where what has not settled is more than the log's end as it stands
 * there.
 */
function settledTo(
  log: readonly Event[],
  { coveredTo, hasRecovered }: CompactedEvents,
  entries: readonly Entry[],
  { settledEntries }: PairedContents,
): number | undefined {
  if (settledEntries === entries.length) return log.at(-1)?.sequence;
  const { sequence: open = 0, actions } = (entries[settledEntries] as Entry).event;
  const isAsLogged =
    actions.compaction === undefined &&
    open > coveredTo &&
    !hasRecovered &&
    !log.some((event) => (event.sequence ?? 0) > open && isRewind(event));
  return isAsLogged ? open - 1 : undefined;
}
