import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import type { Event } from "../events/event.ts";
import { copyRecord, setOwn } from "../internal/json.ts";
import type { PendingCallInfo } from "../sessions/session.ts";
import { firstOfInvocation } from "./first-of-invocation.ts";
import { liveEvents } from "./rewind.ts";

/** The calls that wait for an answer from outside, by call id. */
export type PendingCalls = Readonly<Record<string, PendingCallInfo>>;

export const NO_PENDING_CALLS: PendingCalls = Object.freeze({});

/**
 * What waits after all of `events`.
 *
 * A call waits from the event that names it in `longRunningToolIds` (or `pending`) until a user's event answers it, or
 * until it is sealed because its invocation was aborted. What the tool itself reported in the meantime is not the answer.
 * Calls inside an agent tool's run wait on the session too; `via` says through which call.
 *
 * @param events a part of the log that reaches to its end.
 * @param before what is known to wait, from before them or from the header. Where something was rewound, calls of their
 *   range are taken from them alone.
 */
export function pendingCalls(
  events: readonly Event[],
  before: PendingCalls = NO_PENDING_CALLS,
): PendingCalls {
  const live = liveEvents(events);
  const first = live === events ? Infinity : (events[0]?.sequence ?? Infinity);
  let pending: PendingCalls = NO_PENDING_CALLS;
  for (const callId of Object.keys(before)) {
    const info = before[callId] as PendingCallInfo;
    if (info.since < first) pending = withCall(pending, callId, info);
  }
  const starts = new Map<string, number>();
  for (const event of live) {
    if (!starts.has(event.invocationId)) starts.set(event.invocationId, event.sequence ?? 0);
    pending = pendingAfter(pending, event, starts.get(event.invocationId) ?? 0);
  }
  return pending;
}

/**
 * One step of {@link pendingCalls}: what waits after `event`. Not for a rewind: after one, count again from the log.
 *
 * @param since the first sequence of the event's invocation.
 * @returns `pending` itself when the event changes nothing.
 */
export function pendingAfter(pending: PendingCalls, event: Event, since: number): PendingCalls {
  let result = pending;
  if (event.author === "user" || event.errorCode === "INVOCATION_ABORTED")
    for (const { id } of getFunctionResponses(event)) {
      if (id === undefined) continue;
      result = withoutCall(result, id);
      // What waits inside an agent tool is sealed with its call.
      if (event.author !== "user") result = withoutCallsVia(result, id);
    }
  return withAsked(result, event, since, undefined);
}

/** Whether {@link pendingAfter} has to look at the event at all; for a rewind, the log is to be counted again. */
export function concernsPending(event: Event): boolean {
  return (
    asks(event) ||
    event.author === "user" ||
    event.errorCode === "INVOCATION_ABORTED" ||
    event.actions.rewindBeforeInvocationId !== undefined
  );
}

/**
 * What waits after `event`, which follows `log` (or ends it already). Cheap for events that ask and answer nothing.
 *
 * @param pending what waited before it.
 * @returns `pending` itself when the event changes nothing.
 */
export function advancePending(
  pending: PendingCalls,
  event: Event,
  log: readonly Event[],
): PendingCalls {
  if (!concernsPending(event)) return pending;
  if (event.actions.rewindBeforeInvocationId)
    return pendingCalls(log.at(-1) === event ? log : [...log, event], pending);
  if (!asks(event)) return pendingAfter(pending, event, 0);
  return pendingAfter(pending, event, firstOfInvocation(log, event).sequence ?? 0);
}

function asks(event: Event): boolean {
  return (
    (event.longRunningToolIds !== undefined && event.longRunningToolIds.length > 0) ||
    event.pending !== undefined ||
    event.toolRecord?.event !== undefined
  );
}

function withAsked(
  pending: PendingCalls,
  event: Event,
  since: number,
  via: string | undefined,
): PendingCalls {
  if (!asks(event)) return pending;
  let result = pending;
  const waiting = new Set(event.longRunningToolIds);
  for (const callId of Object.keys(event.pending ?? {})) waiting.add(callId);
  if (waiting.size > 0)
    for (const { id, name } of getFunctionCalls(event)) {
      if (id === undefined || !waiting.has(id)) continue;
      const asked =
        event.pending && Object.hasOwn(event.pending, id) ? event.pending[id] : undefined;
      // The events may begin in the middle of the invocation: what is known from before them goes further back.
      const known = Object.hasOwn(result, id) ? result[id]?.since : undefined;
      const info: PendingCallInfo = {
        since: Math.min(since, known ?? since),
        agent: event.author,
        name: name ?? "",
      };
      if (asked?.expiresAt !== undefined) info.expiresAt = asked.expiresAt;
      if (asked?.responseSchema !== undefined) info.responseSchema = asked.responseSchema;
      const through = asked?.via ?? via;
      if (through !== undefined) info.via = through;
      result = withCall(result, id, Object.freeze(info));
    }
  const { toolRecord } = event;
  if (toolRecord?.event === undefined) return result;
  return withAsked(result, toolRecord.event, since, via ?? toolRecord.callId);
}

function withCall(pending: PendingCalls, callId: string, info: PendingCallInfo): PendingCalls {
  const result = copyRecord(pending);
  setOwn(result, callId, info);
  return Object.freeze(result);
}

function withoutCallsVia(pending: PendingCalls, via: string): PendingCalls {
  let result = pending;
  for (const callId of Object.keys(pending))
    if (pending[callId]?.via === via) result = withoutCall(result, callId);
  return result;
}

function withoutCall(pending: PendingCalls, callId: string): PendingCalls {
  if (!Object.hasOwn(pending, callId)) return pending;
  const result = copyRecord(pending);
  delete result[callId];
  return Object.freeze(result);
}
