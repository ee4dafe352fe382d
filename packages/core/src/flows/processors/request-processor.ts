import type { InvocationContext } from "../../context/invocation-context.ts";
import type { Event } from "../../events/event.ts";
import type { LlmRequest } from "../../models/llm-request.ts";
import type { LlmResponse } from "../../models/llm-response.ts";

/** One of the engine's own steps in the making of a request, in a fixed order. */
export type RequestProcessor = (
  context: InvocationContext,
  request: LlmRequest,
) => void | Promise<void>;

/**
 * A step of your own in the making of every request of an agent (`LlmAgent.requestProcessors`). It runs after the engine's
 * and before the model hooks; events that it yields are stored and yielded.
 */
export abstract class BaseLlmRequestProcessor {
  abstract runAsync(
    invocationContext: InvocationContext,
    llmRequest: LlmRequest,
  ): AsyncGenerator<Event, void, undefined>;
}

/** A step of your own on every response (`LlmAgent.responseProcessors`), after the model hooks; it may change the response. */
export abstract class BaseLlmResponseProcessor {
  abstract runAsync(
    invocationContext: InvocationContext,
    llmResponse: LlmResponse,
  ): AsyncGenerator<Event, void, undefined>;
}
