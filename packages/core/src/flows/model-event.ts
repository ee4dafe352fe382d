import type { LlmAgent } from "../agents/llm-agent.ts";
import type { Content, Part } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { newEvent } from "../context/new-event.ts";
import type { Event, PendingCall } from "../events/event.ts";
import { FRAMEWORK_CALLS } from "../events/framework-calls.ts";
import { generateClientFunctionCallId } from "../events/function-call-id.ts";
import { getOwn, setOwn } from "../internal/json.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import { waitOf } from "../tools/long-running-function-tool.ts";
import { saveOutput } from "./save-output.ts";

/** What the calls of an answer are: complete with ids, and known to wait or not. */
interface CheckedCalls {
  readonly content: Content | undefined;
  readonly longRunningToolIds: string[];
  readonly pending: Record<string, PendingCall> | undefined;
}

/**
 * Makes events of the responses to one request. The pieces of a streamed answer and the whole that follows share one id, and
 * so do the calls in them.
 */
export class ModelEvents {
  readonly #agent: LlmAgent;
  readonly #request: LlmRequest;
  /** Of the pieces so far and the whole that follows. */
  #id: string | undefined;
  /** Ids given to calls that came without one, in the order of the calls within one answer. */
  #callIds: string[] = [];
  #streamedCalls = 0;

  constructor(agent: LlmAgent, request: LlmRequest) {
    this.#agent = agent;
    this.#request = request;
  }

  /** The event of a response; `undefined` for a response that says nothing. */
  make(response: LlmResponse, context: Context): Event | undefined {
    const { invocationContext } = context;
    if (response.partial) {
      if (!saysSomething(response)) return undefined;
    } else response = guardAgainstNothing(response);
    const { content, longRunningToolIds, pending } = this.#withCallIds(response, context);
    const harvest = response.partial ? undefined : context.harvest();
    const id = (this.#id ??= invocationContext.invocation.newId());
    const event = newEvent(invocationContext, { ...response, id });
    if (harvest) event.actions = harvest.actions;
    if (content !== undefined) event.content = content;
    if (longRunningToolIds.length > 0) event.longRunningToolIds = longRunningToolIds;
    if (!harvest) return event;
    if (pending !== undefined) event.pending = pending;
    if (harvest.stateRemoved !== undefined) event.stateRemoved = harvest.stateRemoved;
    saveOutput(this.#agent, event, context);
    this.#id = undefined;
    this.#callIds = [];
    this.#streamedCalls = 0;
    return event;
  }

  #withCallIds(response: LlmResponse, context: Context): CheckedCalls {
    const { content } = response;
    const { clock, newId } = context.invocationContext.invocation;
    const longRunningToolIds: string[] = [];
    let pending: Record<string, PendingCall> | undefined;
    if (!content?.parts?.some((part) => part.functionCall))
      return { content, longRunningToolIds, pending };
    let ordinal = response.partial ? this.#streamedCalls : 0;
    const taken = new Set<string>();
    const parts = content.parts.map((part): Part => {
      const call = part.functionCall;
      if (!call) return part;
      // A piece of a call that is being streamed has no name: it belongs to the call before it.
      const position = response.partial && !call.name ? Math.max(0, ordinal - 1) : ordinal++;
      let id = call.id || (this.#callIds[position] ??= generateClientFunctionCallId(newId));
      // Two calls of one answer are two calls, whatever the model calls them.
      if (!response.partial && taken.has(id)) id = generateClientFunctionCallId(newId);
      taken.add(id);
      this.#callIds[position] = id;
      const tool = call.name ? getOwn(this.#request.toolsDict, call.name) : undefined;
      if (tool?.isLongRunning) {
        longRunningToolIds.push(id);
        const wait = waitOf(tool, clock.now());
        if (wait) setOwn((pending ??= {}), id, wait);
      }
      // What only the framework may ask for, nobody shall take for a question of the framework.
      const name = FRAMEWORK_CALLS.has(call.name ?? "") ? `unknown_${call.name}` : call.name;
      if (call.id === id && call.name === name) return part;
      return { ...part, functionCall: { ...call, id, ...(name === undefined ? {} : { name }) } };
    });
    if (response.partial) this.#streamedCalls = ordinal;
    return { content: { ...content, parts }, longRunningToolIds, pending };
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
