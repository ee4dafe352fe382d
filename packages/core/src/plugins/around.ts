import type { Context } from "../context/context.ts";
import type { BaseLlm } from "../models/base-llm.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import type { BaseTool } from "../tools/base-tool.ts";

/** The call of a model that a plugin stands around. */
export interface WrappedModelCall {
  readonly callbackContext: Context;
  readonly llmRequest: LlmRequest;
  /** The agent's model; its name is `model.model`. */
  readonly model: BaseLlm;
  /** Whether the answer was asked for in pieces. */
  readonly stream: boolean;
}

/** The call of a tool that a plugin stands around. */
export interface WrappedToolCall {
  readonly tool: BaseTool;
  /** What the tool gets: a change made here reaches it. */
  readonly toolArgs: Record<string, unknown>;
  readonly toolContext: Context;
}

/**
 * Makes the call: the plugins further in are entered, then the model is asked, when the first response is asked for. Leaving
 * the stream cancels the call.
 *
 * @param llmRequest what is asked. @defaultValue the request of the call
 */
export type NextModelCall = (
  llmRequest?: LlmRequest,
) => AsyncGenerator<LlmResponse, void, undefined>;

/** Makes the call: the plugins further in are entered, then the tool runs. Resolves to what it returned, as it is. */
export type NextToolCall = () => Promise<unknown>;
