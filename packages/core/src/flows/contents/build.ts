import type { Content } from "../../content/content.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import type { Event } from "../../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../../events/predicates.ts";
import { isRewind, liveEvents } from "../../log/rewind.ts";
import type { Session } from "../../sessions/session.ts";
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
  const { events } = context.session;
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

/** `getSessionConfig` narrows what was there before this invocation; the invocation's own events are always read. */
function narrowed(context: InvocationContext): readonly Event[] {
  const { numRecentEvents, afterTimestamp, afterSequence } =
    context.runConfig.getSessionConfig ?? {};
  const { events } = context.session;
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

function contentsOf(events: readonly Event[], reader: Reader): Content[] {
  return pairCalls(selectEntries(liveEvents(events), reader)).contents;
}

function ownCallIds(events: readonly Event[], reader: Reader): Set<string> {
  const ids = new Set<string>();
  for (const event of events) addOwnCalls(event, reader, ids);
  return ids;
}

function cachedContents(context: InvocationContext, session: Session, reader: Reader): Content[] {
  const [first] = session.events;
  if (!first) return [];
  const cache = context.invocation.contentsCache;
  const name = `${reader.agentName}\0${reader.branch ?? ""}\0${reader.includeThoughts}`;
  const cached = cache.get(first, name) ?? {
    upTo: session.firstSequence - 1,
    contents: [],
    callIds: undefined,
  };
  const tail = session.events.slice(Math.max(0, cached.upTo + 1 - session.firstSequence));
  if (tail.some((event) => breaksCache(event, cached.callIds))) {
    cache.delete(first, name);
    return contentsOf(session.events, reader);
  }
  const entries = selectEntries(tail, reader, cached.callIds);
  const paired = pairCalls(entries);
  const contents = cached.contents.concat(paired.contents);

  const settled = entries[paired.settledEntries - 1];
  if (settled?.event.sequence !== undefined)
    cache.extend(first, name, cached, {
      upTo: settled.event.sequence,
      contents: paired.contents.slice(0, paired.settledContents),
      callIds: ownCallIds(tail.slice(0, tail.indexOf(settled.event) + 1), reader),
    });
  return contents;
}

/** Rewinds, and answers that come after their call has settled, change what was built before. */
function breaksCache(event: Event, settledCallIds: ReadonlySet<string> | undefined): boolean {
  return (
    isRewind(event) ||
    event.actions.compaction !== undefined ||
    getFunctionResponses(event).some(({ id }) => id !== undefined && settledCallIds?.has(id))
  );
}
