import type { LlmAgent } from "../agents/llm-agent.ts";
import type { Content, Part } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { createEventActions } from "../events/event-actions.ts";
import type { Event } from "../events/event.ts";
import { generateClientFunctionCallId } from "../events/function-call-id.ts";
import { getOwn } from "../internal/json.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import { saveOutput } from "./save-output.ts";

/**
 * Makes events of the responses to one request. The pieces of a streamed answer and the whole that follows share one id, and
 * so do the calls in them.
 */
export class ModelEvents {
  readonly #agent: LlmAgent;
  readonly #request: LlmRequest;
  #id: string;
  /** Ids given to calls that came without one, in the order of the calls within one answer. */
  #callIds: string[] = [];
  #streamedCalls = 0;

  constructor(agent: LlmAgent, context: Context, request: LlmRequest) {
    this.#agent = agent;
    this.#request = request;
    this.#id = context.invocationContext.invocation.newId();
  }

  /** The event of a response; `undefined` for a response that says nothing. */
  make(response: LlmResponse, context: Context): Event | undefined {
    const { invocation, branch } = context.invocationContext;
    if (response.partial) {
      if (!saysSomething(response)) return undefined;
    } else response = guardAgainstNothing(response);
    const { content, longRunningToolIds } = this.#withCallIds(response, context);
    const event: Event = {
      ...response,
      id: this.#id,
      invocationId: invocation.id,
      author: this.#agent.name,
      timestamp: invocation.clock.now(),
      actions: createEventActions(),
    };
    if (branch !== undefined) event.branch = branch;
    if (content !== undefined) event.content = content;
    if (longRunningToolIds.length > 0) event.longRunningToolIds = longRunningToolIds;
    if (response.partial) return event;
    const { actions, stateRemoved } = context.harvest();
    event.actions = actions;
    if (stateRemoved !== undefined) event.stateRemoved = stateRemoved;
    saveOutput(this.#agent, event, context);
    this.#id = invocation.newId();
    this.#callIds = [];
    this.#streamedCalls = 0;
    return event;
  }

  #withCallIds(
    response: LlmResponse,
    context: Context,
  ): { content: Content | undefined; longRunningToolIds: string[] } {
    const { content } = response;
    const longRunningToolIds: string[] = [];
    if (!content?.parts?.some((part) => part.functionCall)) return { content, longRunningToolIds };
    let ordinal = response.partial ? this.#streamedCalls : 0;
    const parts = content.parts.map((part): Part => {
      const call = part.functionCall;
      if (!call) return part;
      // A piece of a call that is being streamed has no name: it belongs to the call before it.
      const position = response.partial && !call.name ? Math.max(0, ordinal - 1) : ordinal++;
      const id =
        call.id ||
        (this.#callIds[position] ??= generateClientFunctionCallId(
          context.invocationContext.invocation.newId,
        ));
      this.#callIds[position] = id;
      if (call.name && getOwn(this.#request.toolsDict, call.name)?.isLongRunning)
        longRunningToolIds.push(id);
      return call.id ? part : { ...part, functionCall: { ...call, id } };
    });
    if (response.partial) this.#streamedCalls = ordinal;
    return { content: { ...content, parts }, longRunningToolIds };
  }
}

function saysSomething(response: LlmResponse): boolean {
  return Boolean(
    response.content?.parts?.length ||
    response.errorCode ||
    response.interrupted ||
    response.groundingMetadata,
  );
}

/** An answer that shows nothing (no parts, only thoughts, only blanks) is an error that the caller can see. */
function guardAgainstNothing(response: LlmResponse): LlmResponse {
  if (response.errorCode || response.interrupted) return response;
  const { finishReason } = response;
  if (finishReason !== undefined && String(finishReason) !== "STOP") return response;
  const shown = (response.content?.parts ?? []).some(
    (part) => !part.thought && (part.text === undefined || part.text.trim() !== ""),
  );
  if (shown) return response;
  return {
    ...response,
    errorCode: "MODEL_RETURNED_NO_CONTENT",
    errorMessage: "The model returned no content.",
  };
}
