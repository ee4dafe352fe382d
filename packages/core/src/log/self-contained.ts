import type { Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";
import { REQUEST_CONFIRMATION_FUNCTION_CALL_NAME } from "../events/framework-calls.ts";
import type { PendingCalls } from "./pending.ts";

export interface SelfContainedRequest {
  /** The events that still count, in order, to the end of the log. */
  readonly events: readonly Event[];
  /** Index of the part's first event. */
  readonly from: number;
  /** Index behind the last event that the part may have. */
  readonly to: number;
  readonly pendingCalls: PendingCalls;
  /** The invocation that is under way or was the last one: its calls may still get their responses. */
  readonly invocationId: string;
  /** Milliseconds since the Unix epoch: what has expired waits no more. */
  readonly now: number;
}

/**
 * The longest part from `from` on that can be summed up without parting a call (or a request for confirmation or credentials)
 * from its responses, and without anything in it that waits for an answer. A call of an older invocation that nobody answered
 * and that does not wait is dead: it holds up nothing.
 *
 * @returns the index behind the part's last event; `from` when there is no such part.
 */
export function selfContainedEnd(request: SelfContainedRequest): number {
  const { events, from, to, invocationId } = request;
  const waiting = waitingIds(request);
  const { openings, responses } = positions(events, from);
  let end = from;
  /** The last index at which something is answered that was opened so far. */
  let openUntil = from - 1;
  for (let index = from; index < to; index++) {
    const event = events[index] as Event;
    for (const id of openedBy(event)) {
      if (waiting.has(id)) return end;
      const next = openings.get(id)?.find((position) => position > index) ?? Infinity;
      // The same event may answer a call and ask for its confirmation.
      const answered = responses.get(id)?.findLast((at) => at > index && at <= next);
      if (answered !== undefined) openUntil = Math.max(openUntil, answered);
      else if (event.invocationId === invocationId && next === Infinity) return end;
    }
    if (openUntil <= index) end = index + 1;
  }
  return end;
}

/** Calls, and what asks for somebody's confirmation or credentials. */
function* openedBy(event: Event): Generator<string, void, undefined> {
  if (event.author === "user") return;
  for (const { id } of getFunctionCalls(event)) if (id !== undefined) yield id;
  yield* Object.keys(event.actions.requestedToolConfirmations);
  yield* Object.keys(event.actions.requestedAuthConfigs);
}

function positions(
  events: readonly Event[],
  from: number,
): { openings: Map<string, number[]>; responses: Map<string, number[]> } {
  const openings = new Map<string, number[]>();
  const responses = new Map<string, number[]>();
  for (let index = from; index < events.length; index++) {
    const event = events[index] as Event;
    for (const id of openedBy(event)) add(openings, id, index);
    for (const { id } of getFunctionResponses(event))
      if (id !== undefined) add(responses, id, index);
  }
  return { openings, responses };
}

function add(lists: Map<string, number[]>, id: string, index: number): void {
  const list = lists.get(id);
  if (list) list.push(index);
  else lists.set(id, [index]);
}

/** Calls that wait, the agent tools inside which they wait, and the calls that they ask to confirm. */
function waitingIds({ events, pendingCalls, now }: SelfContainedRequest): Set<string> {
  const waiting = new Set<string>();
  for (const [id, { expiresAt, via }] of Object.entries(pendingCalls)) {
    if (expiresAt !== undefined && expiresAt <= now) continue;
    waiting.add(id);
    if (via !== undefined) waiting.add(via);
  }
  if (waiting.size === 0) return waiting;
  for (const event of events)
    for (const { id = "", name, args } of getFunctionCalls(event)) {
      if (name !== REQUEST_CONFIRMATION_FUNCTION_CALL_NAME || !waiting.has(id)) continue;
      const original = args?.["originalFunctionCall"] as { id?: string } | undefined;
      if (original?.id !== undefined) waiting.add(original.id);
    }
  return waiting;
}
