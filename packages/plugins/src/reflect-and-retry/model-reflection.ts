import type { Content, Event, FunctionCall, LlmResponse } from "@adk/core";
import { REFLECT_AND_RETRY_RESPONSE_TYPE } from "./reflection.ts";

/** The call that stands in the log in place of an answer that failed; its response is the guidance. */
export const ADK_HANDLE_MODEL_ERROR_TOOL_NAME = "adk_handle_model_error";

/** `error_type` of an answer in which the model makes that call itself. */
export const RESERVED_TOOL_CALL_ERROR_TYPE = "RESERVED_TOOL_CALL";

/** What was wrong with an answer. */
export interface ModelError {
  readonly type: string;
  readonly details: string;
  readonly finishReason: string;
}

/** An answer that makes the reserved call, so that the agent asks the model again. */
export function reflectingResponse(
  error: ModelError,
  retryCount: number,
  callId: string,
): LlmResponse {
  const functionCall: FunctionCall = {
    id: callId,
    name: ADK_HANDLE_MODEL_ERROR_TOOL_NAME,
    args: {
      response_type: REFLECT_AND_RETRY_RESPONSE_TYPE,
      error_type: error.type,
      error_details: error.details,
      finish_reason: error.finishReason,
      retry_count: retryCount,
    },
  };
  return { content: { role: "model", parts: [{ functionCall }] } };
}

/** Whether the content makes the reserved call. */
export function makesReservedCall(content: Content | undefined): boolean {
  return (content?.parts ?? []).some(
    ({ functionCall }) => functionCall?.name === ADK_HANDLE_MODEL_ERROR_TOOL_NAME,
  );
}

/** How often in a row the answers to an agent have failed, up to the log's end: what another process has counted too. */
export function storedModelFailures(
  events: readonly Event[],
  {
    invocationId,
    agentName,
    branch,
  }: { invocationId: string; agentName: string; branch: string | undefined },
): number {
  let failures = 0;
  for (const event of events.toReversed()) {
    if (event.invocationId !== invocationId) break;
    if (event.author !== agentName || event.branch !== branch || event.content?.role !== "model")
      continue;
    if (!makesReservedCall(event.content)) break;
    failures++;
  }
  return failures;
}
