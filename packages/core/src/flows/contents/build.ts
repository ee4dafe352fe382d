import type { Content } from "../../content/content.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import type { Event } from "../../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../../events/predicates.ts";
import { isRewind, liveEvents } from "../../log/rewind.ts";
import type { Session } from "../../sessions/session.ts";
import type { SettledContents } from "./cache.ts";
import { pairCalls } from "./pair-calls.ts";
import { addOwnCalls, type Reader, selectEntries } from "./select.ts";

/** The whole history as the agent sees it, in a fresh array of shared, frozen contents. */
export function buildContents(context: InvocationContext, reader: Reader): Content[] {
  const { session, runConfig } = context;
  if (runConfig.getSessionConfig) return contentsOf(narrowed(context), reader);
  return cachedContents(context, session, reader);
}

/** The current turn only: from the newest message of the user or word of another agent on. */
export function buildTurnContents(context: InvocationContext, reader: Reader): Content[] {
  const events = liveEvents(context.session.events);
  let start = events.length - 1;
  while (start > 0 && !startsTurn(events[start] as Event, reader)) start--;
  return contentsOf(events.slice(Math.max(start, 0)), reader);
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
  const events = liveEvents(context.session.events);
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

function contentsOf(live: readonly Event[], reader: Reader): Content[] {
  return pairCalls(selectEntries(live, reader), reader.now).contents;
}

function ownCallIds(events: readonly Event[], reader: Reader): Set<string> {
  const ids = new Set<string>();
  for (const event of events) addOwnCalls(event, reader, ids);
  return ids;
}

function cachedContents(context: InvocationContext, session: Session, reader: Reader): Content[] {
  const cache = context.invocation.contentsCache;
  const key = JSON.stringify([
    session.appName,
    session.userId,
    session.id,
    session.incarnation,
    reader.agentName,
    reader.branch ?? "",
    reader.includeThoughts,
  ]);
  let cached = cache.get(key) ?? nothingCached(session);
  let tail: readonly Event[] = session.events.slice(
    Math.max(0, cached.upTo + 1 - session.firstSequence),
  );
  const settledCallIds = cached.callIds;
  if (tail.some((event) => breaksCache(event, settledCallIds))) {
    cache.delete(key);
    cached = nothingCached(session);
    tail = liveEvents(session.events);
  }
  const entries = selectEntries(tail, reader, cached.callIds);
  const paired = pairCalls(entries, reader.now);
  const contents = cached.contents.concat(paired.contents);

  const settled = entries[paired.settledEntries - 1];
  if (settled?.event.sequence !== undefined)
    cache.extend(
      key,
      cached,
      settled.event.sequence,
      paired.contents.slice(0, paired.settledContents),
      ownCallIds(tail.slice(0, tail.indexOf(settled.event) + 1), reader),
    );
  return contents;
}

function nothingCached({ firstSequence }: Session): SettledContents {
  return { upTo: firstSequence - 1, contents: [], callIds: new Set() };
}

/** Rewinds, and answers that come after their call has settled, change what was built before. */
function breaksCache(event: Event, settledCallIds: ReadonlySet<string>): boolean {
  return (
    isRewind(event) ||
    event.actions.compaction !== undefined ||
    getFunctionResponses(event).some(({ id }) => id !== undefined && settledCallIds.has(id))
  );
}
