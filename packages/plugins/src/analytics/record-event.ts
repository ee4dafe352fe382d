import { type Event, getFunctionCalls, type InvocationContext, isFinalResponse } from "@adk/core";
import type { AnalyticsEventType } from "./analytics-row.ts";
import { textOf } from "./content-columns.ts";
import type { Recorder } from "./recorder.ts";

/** Calls with which the framework asks a person. */
const REQUESTS: Readonly<Record<string, AnalyticsEventType>> = {
  adk_request_confirmation: "HITL_CONFIRMATION_REQUEST",
  adk_request_credential: "HITL_CREDENTIAL_REQUEST",
  adk_request_input: "HITL_INPUT_REQUEST",
};

/** What the answer to such a call is recorded as; `undefined` for the answer to any other call. */
export function answerType(name: string | undefined): AnalyticsEventType | undefined {
  const request = requestType(name);
  return request && (`${request}_COMPLETED` as AnalyticsEventType);
}

/** Records what an event of an agent, as it is stored, says and does. */
export function recordEvent(
  recorder: Recorder,
  context: InvocationContext,
  event: Event,
  parentSpanId: string,
): void {
  const { actions, stateRemoved = [] } = event;
  const facts = { agent: event.author, spanId: event.id, parentSpanId };
  const stateDelta = actions.stateDelta;
  if (Object.keys(stateDelta).length > 0 || stateRemoved.length > 0)
    recorder.record("STATE_DELTA", context, {
      ...facts,
      content: () => stateDelta,
      attributes: { keys: Object.keys(stateDelta), removed: stateRemoved },
    });
  for (const call of getFunctionCalls(event)) {
    const type = requestType(call.name);
    if (type)
      recorder.record(type, context, {
        ...facts,
        content: () => call.args,
        attributes: { call_id: call.id },
      });
  }
  if (actions.transferToAgent !== undefined)
    recorder.record("AGENT_TRANSFER", context, {
      ...facts,
      attributes: { from_agent: event.author, to_agent: actions.transferToAgent },
    });
  if (actions.agentState !== undefined || actions.endOfAgent)
    recorder.record("AGENT_STATE_CHECKPOINT", context, {
      ...facts,
      content: () => actions.agentState,
      attributes: { end_of_agent: actions.endOfAgent ?? false },
    });
  const text = textOf(event.content);
  if (text !== "" && isFinalResponse(event))
    recorder.record("AGENT_RESPONSE", context, {
      ...facts,
      content: () => ({ response: text }),
      said: () => event.content,
    });
}

function requestType(name: string = ""): AnalyticsEventType | undefined {
  return Object.hasOwn(REQUESTS, name) ? REQUESTS[name] : undefined;
}
