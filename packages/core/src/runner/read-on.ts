import type { Content } from "../content/content.ts";
import type { Event } from "../events/event.ts";
import { getFunctionResponses } from "../events/predicates.ts";
import { callIdsOf } from "../log/agent-run.ts";
import { startOfInvocation } from "../log/rewind.ts";
import type { OpenedSession } from "../sessions/requests.ts";
import type { RunSettings } from "./run-settings.ts";
import { pickAgent } from "./select-agent.ts";

const PAGE = 1_000;

export interface ReadOnRequest {
  readonly message: Content | undefined;
  readonly invocationId: string | undefined;
}

/**
 * Reads on in front of the window, when the request is about something from before it: the start of the invocation that it
 * answers or names. Where that invocation is taken up again, what decided who runs it is read too. What is nowhere is looked
 * for in the whole log.
 */
export async function readOn(
  settings: RunSettings,
  opened: OpenedSession,
  request: ReadOnRequest,
): Promise<void> {
  const { session, kept } = opened;
  const { firstSequence: loadedFrom } = session;
  if (loadedFrom <= 1) return;
  const callIds = callIdsOfAnswers(request);
  const since = Math.min(...callIds.map((id) => session.pendingCalls[id]?.since ?? Infinity));
  while (session.firstSequence > 1 && since < session.firstSequence)
    await readPage(settings, opened, since);
  let invocationIds = invocationsOf(session.events, callIds, request);
  while (session.firstSequence > 1 && !isComplete(session.events, invocationIds, callIds, since)) {
    await readPage(settings, opened, 1);
    invocationIds = invocationsOf(session.events, callIds, request);
  }
  if (callIds.length === 0 && !isComplete(session.events, invocationIds, callIds, since)) {
    // A new invocation: it needs nothing of all that.
    session.events.splice(0, loadedFrom - session.firstSequence);
    session.firstSequence = loadedFrom;
    opened.kept = kept;
  }
  if (session.firstSequence === loadedFrom) return;
  while (
    session.firstSequence > 1 &&
    (cutsRewind(session.events) ||
      (settings.resumable && !isDecided(settings, session.events, invocationIds)))
  )
    await readPage(settings, opened, 1);
}

/** Whether the request is about anything in the log at all: about an invocation, or about calls that it answers. */
export function isAboutLog(request: ReadOnRequest): boolean {
  return request.invocationId !== undefined || callIdsOfAnswers(request).length > 0;
}

function callIdsOfAnswers({ message }: ReadOnRequest): string[] {
  return (message?.parts ?? []).flatMap(({ functionResponse }) => functionResponse?.id ?? []);
}

/** Whether something was rewound of which only the end is loaded: nobody could tell how far it went. */
function cutsRewind(events: readonly Event[]): boolean {
  return events.some(({ actions }, index) => {
    const target = actions.rewindBeforeInvocationId;
    if (!target) return false;
    const first = events.slice(0, index).find(({ invocationId }) => invocationId === target);
    return !first || first.author !== "user" || getFunctionResponses(first).length > 0;
  });
}

/** The page before what is loaded, but nothing from before `from`. */
async function readPage(
  { sessionService }: RunSettings,
  opened: OpenedSession,
  from: number,
): Promise<void> {
  const { session } = opened;
  const { appName, userId, id: sessionId, firstSequence } = session;
  const first = Math.max(from, firstSequence - PAGE);
  const { events } = await sessionService.listEvents({
    appName,
    userId,
    sessionId,
    afterSequence: first - 1,
    beforeSequence: firstSequence,
    pageSize: firstSequence - first,
  });
  session.events.unshift(
    ...events.map((event) => (isStale(event, opened.kept) ? emptied(event) : event)),
  );
  session.firstSequence = first;
  opened.kept = opened.kept.filter(({ sequence = 0 }) => sequence < first);
}

/** The summaries that stand were kept; what replaced the others, or took them back, may be out of sight. */
function isStale({ actions, sequence }: Event, kept: readonly Event[]): boolean {
  return actions.compaction !== undefined && !kept.some((event) => event.sequence === sequence);
}

function emptied(event: Event): Event {
  const { compactedSequences: _range, ...rest } = event;
  const { compaction: _summary, ...actions } = event.actions;
  return Object.freeze({ ...rest, actions });
}

/** The invocations that the request is about, as far as the events say. */
function invocationsOf(
  events: readonly Event[],
  callIds: readonly string[],
  { invocationId }: ReadOnRequest,
): ReadonlySet<string> {
  const ids = new Set<string>();
  if (callIds.length === 0) return invocationId === undefined ? ids : ids.add(invocationId);
  for (const event of events)
    if (event.author !== "user")
      for (const id of callIdsOf(event)) if (callIds.includes(id)) ids.add(event.invocationId);
  return ids;
}

/** Whether all calls are there, and the beginning of every invocation that the request is about. */
function isComplete(
  events: readonly Event[],
  invocationIds: ReadonlySet<string>,
  callIds: readonly string[],
  since: number,
): boolean {
  const missing = new Set(callIds);
  for (const event of events)
    if (event.author !== "user") for (const id of callIdsOf(event)) missing.delete(id);
  if (missing.size > 0) return false;
  if (since !== Infinity && (events[0]?.sequence ?? 1) <= since) return true;
  return [...invocationIds].every((invocationId) =>
    events.some(
      (event) =>
        event.invocationId === invocationId &&
        event.author === "user" &&
        event.content !== undefined &&
        !event.content.parts?.some((part) => part.functionResponse),
    ),
  );
}

/** Whether the events before the invocation say who takes its turn. */
function isDecided(
  { rootAgent, logger }: RunSettings,
  events: readonly Event[],
  invocationIds: ReadonlySet<string>,
): boolean {
  if (rootAgent.subAgents.length === 0) return true;
  return [...invocationIds].every((invocationId) => {
    const start = startOfInvocation(events, invocationId);
    return (
      start === undefined || pickAgent(rootAgent, events.slice(0, start), logger) !== undefined
    );
  });
}
