import type { FunctionCall, FunctionResponse } from "../content/content.ts";
import type { Event } from "./event.ts";

/** The function calls of the event, in the order of its parts. */
export function getFunctionCalls(event: Event): FunctionCall[] {
  const calls: FunctionCall[] = [];
  for (const part of event.content?.parts ?? [])
    if (part.functionCall) calls.push(part.functionCall);
  return calls;
}

/** The function responses of the event, in the order of its parts. */
export function getFunctionResponses(event: Event): FunctionResponse[] {
  const responses: FunctionResponse[] = [];
  for (const part of event.content?.parts ?? [])
    if (part.functionResponse) responses.push(part.functionResponse);
  return responses;
}

/** Whether the last part is the result of code that the model had run: it goes on from there. */
export function hasTrailingCodeExecutionResult(event: Event): boolean {
  return event.content?.parts?.at(-1)?.codeExecutionResult !== undefined;
}

/**
 * Whether the event is the last word of its agent. An invocation can have several: one for each agent.
 *
 * An event without content is final too (an error, a change of state, the end of an agent); a partial one is not. A call
 * that waits for an answer from outside is final: nothing follows it for now.
 */
export function isFinalResponse(event: Event): boolean {
  if (event.actions.skipSummarization || (event.longRunningToolIds?.length ?? 0) > 0) return true;
  if (event.partial || getFunctionCalls(event).length > 0) return false;
  if (event.errorCode) return true;
  return getFunctionResponses(event).length === 0 && !hasTrailingCodeExecutionResult(event);
}

/** What the event says, without its thoughts, as one text. */
export function stringifyContent(event: Event): string {
  let text = "";
  for (const part of event.content?.parts ?? []) if (!part.thought) text += part.text ?? "";
  return text;
}
