import type { FunctionCall } from "../content/content.ts";
import type { ToolConfirmation } from "../events/event-actions.ts";
import type { Event, ToolRecord } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";

/** The framework's own call that asks a person to approve another one. */
export const REQUEST_CONFIRMATION_FUNCTION_CALL_NAME = "adk_request_confirmation";

/** How far one call of an agent's run has come. */
export interface CallState {
  readonly call: FunctionCall;
  /** The model event that made it. */
  readonly event: Event;
  /** What allows it to be made (again): the model's event, or the answer of a person who was asked. */
  readonly releasedBy: Event;
  /** What that person said. */
  readonly confirmation: ToolConfirmation | undefined;
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

/** What the events of an agent's run say about its calls. */
export interface CallStates {
  readonly calls: ReadonlyMap<string, CallState>;
  /** Whether the last event is a user's answer that changed nothing: it was given before. */
  readonly lastAnswerIsRepeated: boolean;
}

const NO_CALLS: CallStates = { calls: new Map(), lastAnswerIsRepeated: false };

interface Requests {
  /** Call id by request id. */
  readonly open: Map<string, string>;
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
      if (call.name === REQUEST_CONFIRMATION_FUNCTION_CALL_NAME) {
        requests.open.set(call.id, originalCallId(call));
        update(calls, originalCallId(call), { isAsked: true });
      } else
        calls.set(call.id, {
          call,
          event,
          releasedBy: event,
          confirmation: undefined,
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

/** @returns whether the answer changed anything. */
function answer(
  calls: Map<string, CallState>,
  requests: Requests,
  event: Event,
  id: string,
  response: Record<string, unknown> | undefined,
): boolean {
  if (requests.answered.has(id)) return false;
  const callId = requests.open.get(id);
  if (callId !== undefined) {
    requests.open.delete(id);
    requests.answered.add(id);
    return update(calls, callId, {
      releasedBy: event,
      confirmation: readConfirmation(response),
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

function originalCallId(call: FunctionCall): string {
  const original = call.args?.["originalFunctionCall"] as { id?: string } | undefined;
  return original?.id ?? "";
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
