import type { Event } from "../events/event.ts";
import { getFunctionResponses, isFinalResponse } from "../events/predicates.ts";
import { isFailure } from "../log/agent-run.ts";
import { type CallState, callStates, type CallStates } from "../log/call-states.ts";

export type Step =
  | { readonly kind: "model" }
  /** Calls of one model event that have no response yet; what some of them have left in records is not done again. */
  | { readonly kind: "tools"; readonly event: Event; readonly calls: readonly CallState[] }
  /** Asks a person to approve calls whose response event says that they need it. */
  | { readonly kind: "ask"; readonly event: Event }
  /** Says the structured answer that a stored response event carries. */
  | { readonly kind: "answer"; readonly value: unknown }
  | { readonly kind: "end" };

const MODEL: Step = { kind: "model" };
const END: Step = { kind: "end" };

export interface StepRequest {
  /** The run's events so far, tool records and the user's answers included. */
  readonly events: readonly Event[];
  /** Calls that were made in this process and wait for an answer from outside. */
  readonly waiting: ReadonlySet<string>;
  /**
   * Whether a run pauses at a call that nobody has answered, and makes up calls that an earlier process has left open; where
   * it does not, the model is asked all the same.
   */
  readonly resumable: boolean;
  /** Position of the last event that the log had when this run began. */
  readonly openedAt: number;
  /** Milliseconds since the Unix epoch: a call that has expired waits no more. */
  readonly now: number;
}

/** What an LLM agent does next, decided from the stored events of its run alone. */
export function nextStep(request: StepRequest): Step {
  const states = callStates(request.events);
  const batch = nextBatch(states, request);
  if (batch) return batch;
  const asking = unaskedConfirmations(states);
  if (asking) return { kind: "ask", event: asking };
  const last = request.events.findLast(isStep);
  if (last === undefined) return MODEL;
  if (last.author === "user") {
    if (states.lastAnswerIsRepeated) return END;
    return request.resumable && hasUnanswered(states, last, request) ? END : MODEL;
  }
  const { transferToAgent, setModelResponse } = last.actions;
  if (transferToAgent !== undefined) return END;
  if (setModelResponse !== undefined) return { kind: "answer", value: setModelResponse };
  if (isFinalResponse(last) && !(request.resumable && isOverdue(states, last, request.now)))
    return END;
  return request.resumable && hasUnanswered(states, last, request) ? END : MODEL;
}

/** The first calls that are still to be made, those of one event that were released together. */
function nextBatch(
  { calls }: CallStates,
  { waiting, resumable, openedAt }: StepRequest,
): Step | undefined {
  const open = [...calls.values()].filter(
    (state) =>
      state.response === undefined &&
      !isWaiting(state, waiting) &&
      (resumable || (state.releasedBy.sequence ?? Number.POSITIVE_INFINITY) > openedAt),
  );
  const first = open[0];
  if (first === undefined) return undefined;
  return {
    kind: "tools",
    event: first.event,
    calls: [...calls.values()].filter(
      (state) =>
        state.event === first.event &&
        state.releasedBy === first.releasedBy &&
        state.response === undefined,
    ),
  };
}

/** It was made and gave no result yet. */
function isWaiting({ call, record }: CallState, waiting: ReadonlySet<string>): boolean {
  return (record !== undefined && record.response === undefined) || waiting.has(call.id ?? "");
}

/** A response event that says that calls need approval, as long as nobody was asked. */
function unaskedConfirmations({ calls }: CallStates): Event | undefined {
  return [...calls.values()].find(({ asksIn, isAsked }) => asksIn && !isAsked)?.asksIn;
}

/** Whether a call of the event, or of the event it responds to, has no response at all. */
function hasUnanswered({ calls }: CallStates, event: Event, { now }: StepRequest): boolean {
  const answered = new Set(getFunctionResponses(event).map(({ id }) => id));
  const states = [...calls.values()];
  const sources = new Set(
    states.filter(({ call }) => answered.has(call.id)).map((state) => state.event),
  );
  // An answer to a call inside an agent tool's run, or one that released a call which waits itself.
  const isOfNone = event.author === "user" && sources.size === 0;
  return states.some(
    (state) =>
      (isOfNone || state.event === event || sources.has(state.event)) &&
      state.response === undefined &&
      !isExpired(state, now),
  );
}

/** Whether calls of a model's event have waited in vain, and none of them can be answered any more: the model is to know. */
function isOverdue({ calls }: CallStates, event: Event, now: number): boolean {
  const unanswered = [...calls.values()].filter(
    (state) => state.event === event && state.response === undefined,
  );
  return unanswered.length > 0 && unanswered.every((state) => isExpired(state, now));
}

/** Whether the time in which the call could be answered is over. */
function isExpired({ call, event }: CallState, now: number): boolean {
  const expiresAt = event.pending?.[call.id ?? ""]?.expiresAt;
  return expiresAt !== undefined && expiresAt <= now;
}

/** Not a record, not a change of state, not a failure of an earlier attempt: a step of the conversation. */
function isStep(event: Event): boolean {
  const { toolRecord, content, actions, errorCode, interrupted, finishReason } = event;
  if (toolRecord !== undefined || isFailure(event)) return false;
  return (
    content !== undefined ||
    actions.transferToAgent !== undefined ||
    errorCode !== undefined ||
    interrupted === true ||
    finishReason !== undefined
  );
}
