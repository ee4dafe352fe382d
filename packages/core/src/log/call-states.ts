import type { FunctionCall } from "../content/content.ts";
import type { ToolConfirmation } from "../events/event-actions.ts";
import type { Event, ToolRecord } from "../events/event.ts";
import { REQUEST_CONFIRMATION_FUNCTION_CALL_NAME } from "../events/framework-calls.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";

/** How far one call of an agent's run has come. */
export interface CallState {
  readonly call: FunctionCall;
  /** The model event that made it. */
  readonly event: Event;
  /** What allows it to be made (again): the model's event, or the answer of a person who was asked. */
  readonly releasedBy: Event;
  /** What a person who was asked to approve the call has said. */
  readonly confirmation: ToolConfirmation | undefined;
  /** What a person said who was asked whether to repeat the call, which had been interrupted. */
  readonly repetition: Repetition | undefined;
  /** Who has responded since it was released: the agent's own response event, or the user's answer. */
  readonly response: "agent" | "user" | undefined;
  /** The record it has left since it was released, before a response event carries it. */
  readonly record: ToolRecord | undefined;
  /** The place of that record among all: records are in the order in which the calls have finished. */
  readonly recordPlace: number;
  /** Its response event, when that says that a person must approve the call first. */
  readonly asksIn: Event | undefined;
  /** Whether the request for that stands in the log. */
  readonly isAsked: boolean;
}

/** Whether an interrupted call is to be made again. */
export interface Repetition {
  /** The number of the attempt that was asked about. */
  readonly attempt: number;
  readonly isAllowed: boolean;
}

/** What the events of an agent's run say about its calls. */
export interface CallStates {
  readonly calls: ReadonlyMap<string, CallState>;
  /** Whether the last event is a user's answer that changed nothing: it was given before. */
  readonly lastAnswerIsRepeated: boolean;
}

const NO_CALLS: CallStates = { calls: new Map(), lastAnswerIsRepeated: false };

/** What a person is asked about. */
interface Asked {
  readonly callId: string;
  /** Whether the call is to be repeated, as this attempt; absent: whether it is approved. */
  readonly attempt: number | undefined;
}

interface Requests {
  /** By the id of the request. */
  readonly open: Map<string, Asked>;
  readonly answered: Set<string>;
}

/**
 * Folds the events of an agent's run, in order. A response and a record count only after the call, or the answer, that last
 * released it: a call that was asked about is made again once it was approved.
 */
export function callStates(events: readonly Event[]): CallStates {
  if (events.length === 0) return NO_CALLS;
  const calls: Map<string, CallState> = new Map();
  const requests: Requests = { open: new Map(), answered: new Set() };
  let lastAnswerIsRepeated = false;
  for (const [place, event] of events.entries()) {
    lastAnswerIsRepeated = false;
    const { toolRecord } = event;
    if (toolRecord !== undefined) {
      if (toolRecord.event !== undefined) continue;
      const asksIn = Object.hasOwn(event.actions.requestedToolConfirmations, toolRecord.callId)
        ? { asksIn: event }
        : {};
      update(calls, toolRecord.callId, { record: toolRecord, recordPlace: place, ...asksIn });
      continue;
    }
    if (event.author === "user") {
      const changed = getFunctionResponses(event).map(({ id, response }) =>
        answer(calls, requests, event, id ?? "", response),
      );
      lastAnswerIsRepeated = changed.length > 0 && !changed.some(Boolean);
      continue;
    }
    for (const call of getFunctionCalls(event)) {
      if (call.id === undefined) continue;
      if (isRequest(call.name, call.id, event)) {
        const asked = askedBy(call);
        requests.open.set(call.id, asked);
        update(calls, asked.callId, { isAsked: true });
      } else
        calls.set(call.id, {
          call,
          event,
          releasedBy: event,
          confirmation: undefined,
          repetition: undefined,
          response: undefined,
          record: undefined,
          recordPlace: 0,
          asksIn: undefined,
          isAsked: false,
        });
    }
    for (const { id } of getFunctionResponses(event))
      update(calls, id ?? "", { response: "agent" });
    for (const callId of Object.keys(event.actions.requestedToolConfirmations))
      update(calls, callId, { asksIn: event });
  }
  return { calls, lastAnswerIsRepeated };
}

/** Whether the engine has made this call to ask a person; one that a model has made up waits for nobody. */
function isRequest(name: string | undefined, id: string, { longRunningToolIds }: Event): boolean {
  return (
    name === REQUEST_CONFIRMATION_FUNCTION_CALL_NAME && (longRunningToolIds?.includes(id) ?? false)
  );
}

/** @returns whether the answer changed anything. */
function answer(
  calls: Map<string, CallState>,
  requests: Requests,
  event: Event,
  id: string,
  response: Record<string, unknown> | undefined,
): boolean {
  if (requests.answered.has(id)) return false;
  const asked = requests.open.get(id);
  if (asked) {
    const { callId, attempt } = asked;
    requests.open.delete(id);
    requests.answered.add(id);
    const confirmation = readConfirmation(response);
    return update(calls, callId, {
      releasedBy: event,
      ...(attempt === undefined
        ? { confirmation }
        : { repetition: { attempt, isAllowed: confirmation.confirmed } }),
      response: undefined,
      record: undefined,
      asksIn: undefined,
      isAsked: false,
    });
  }
  if (calls.has(id)) return update(calls, id, { response: "user" });
  // Of a call inside an agent tool's run, whose own log says what the answer means there.
  return [...calls.values()].some((state) => state.response === undefined);
}

function update(calls: Map<string, CallState>, id: string, changes: Partial<CallState>): boolean {
  const state = calls.get(id);
  if (state === undefined) return false;
  calls.set(id, { ...state, ...changes });
  return true;
}

function askedBy({ args = {} }: FunctionCall): Asked {
  const original = args["originalFunctionCall"] as { id?: string } | undefined;
  const request = args["toolConfirmation"] as Partial<ToolConfirmation> | undefined;
  return { callId: original?.id ?? "", attempt: request?.attempt };
}

/** `{ confirmed, payload }`, or the same as JSON text under `response`, as ADK's web client sends it. */
function readConfirmation(response: Record<string, unknown> | undefined): ToolConfirmation {
  let value: Record<string, unknown> = response ?? {};
  if (typeof value["response"] === "string" && value["confirmed"] === undefined)
    try {
      value = JSON.parse(value["response"]) as Record<string, unknown>;
    } catch {
      value = {};
    }
  const { confirmed, payload } = value ?? {};
  return payload === undefined
    ? { confirmed: confirmed === true }
    : { confirmed: confirmed === true, payload };
}
