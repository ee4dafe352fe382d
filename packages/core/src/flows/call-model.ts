import type { LlmAgent } from "../agents/llm-agent.ts";
import type { Context } from "../context/context.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { settlesWithin, withTimeout } from "../internal/clock.ts";
import { describe } from "../internal/check-options.ts";
import { StopGate } from "../internal/stop-gate.ts";
import { followingController, Stopped } from "../internal/stopped.ts";
import type { BaseLlm } from "../models/base-llm.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import { firstAnswer } from "../plugins/first-answer.ts";
import { responseProblem } from "./response-problem.ts";

/**
 * Asks the agent's model, with the hooks around it.
 *
 * A hook before the call may answer in the model's place; every response of the model passes the hooks after it; a hook may
 * turn a failure into a response.
 *
 * @throws AdkError `MODEL_FAILED`, the model's error as its cause; `LLM_CALLS_LIMIT_EXCEEDED`; what callbacks throw.
 */
export async function* callModel(
  agent: LlmAgent,
  context: () => Context,
  request: LlmRequest,
): AsyncGenerator<LlmResponse, void, undefined> {
  const answer = await beforeModel(agent, context(), request);
  if (answer) {
    yield answer;
    return;
  }
  const invocationContext = context().invocationContext;
  invocationContext.incrementLlmCallCount();
  const { abortSignal, runConfig } = invocationContext;
  using gate = new StopGate(abortSignal);
  const { controller, unlink } = followingController(abortSignal);
  let stream: AsyncGenerator<LlmResponse, void, undefined> | undefined;
  let ended = false;
  try {
    for (;;) {
      let response: LlmResponse;
      try {
        stream ??= start(
          agent.canonicalModel,
          request,
          runConfig.streamingMode === "sse",
          controller.signal,
        );
        const next = await nextResponse(stream, gate, agent, context());
        if (next === undefined) {
          ended = true;
          return;
        }
        response = next;
      } catch (error) {
        if (error instanceof Stopped || abortSignal.aborted) throw new Stopped();
        ended = true;
        if (stream) cancel(stream, controller);
        const replacement = await onModelError(agent, context(), request, asError(error));
        if (!replacement) throw modelFailed(agent, error);
        yield await afterModel(agent, context(), replacement);
        return;
      }
      yield await afterModel(agent, context(), response);
    }
  } finally {
    unlink();
    if (!ended && stream) {
      controller.abort();
      await close(stream, agent, invocationContext);
    }
  }
}

/** A call that failed may still be under way (it was too slow, or its answer made no sense): nobody waits for its end. */
function cancel(
  stream: AsyncGenerator<LlmResponse, void, undefined>,
  controller: AbortController,
): void {
  controller.abort();
  void Promise.resolve(stream.return?.(undefined)).catch(() => undefined);
}

/** A generator that hangs in its own work never comes back: it gets a while, then nobody listens to it any more. */
async function close(
  stream: AsyncGenerator<LlmResponse, void, undefined>,
  agent: LlmAgent,
  { invocation }: InvocationContext,
): Promise<void> {
  const { clock, abortGraceMs, logger } = invocation;
  if (!(await settlesWithin(clock, abortGraceMs, stream.return(undefined))))
    logger.warn(
      `The model of agent ${agent.name} has not stopped ${abortGraceMs} ms after its call was cancelled; it is abandoned.`,
    );
}

function start(
  llm: BaseLlm,
  request: LlmRequest,
  streaming: boolean,
  signal: AbortSignal,
): AsyncGenerator<LlmResponse, void, undefined> {
  const stream: unknown = llm.generateContentAsync(request, streaming, signal);
  if (typeof (stream as AsyncGenerator | undefined)?.next !== "function")
    throw new AdkError(
      "MODEL_FAILED",
      `generateContentAsync of model ${llm.model} returned ${describe(stream)}; it must be an async generator (async *generateContentAsync).`,
    );
  return stream as AsyncGenerator<LlmResponse, void, undefined>;
}

async function nextResponse(
  stream: AsyncGenerator<LlmResponse, void, undefined>,
  gate: StopGate,
  agent: LlmAgent,
  context: Context,
): Promise<LlmResponse | undefined> {
  const { clock } = context.invocationContext.invocation;
  const next = gate.pass(stream.next());
  const { modelTimeoutMs } = agent;
  const result =
    modelTimeoutMs === undefined
      ? await next
      : await withTimeout(
          clock,
          modelTimeoutMs,
          next,
          () =>
            new AdkError(
              "MODEL_FAILED",
              `Model ${agent.canonicalModel.model} of agent ${agent.name} sent nothing for ${modelTimeoutMs} ms (\`modelTimeoutMs\`).`,
              { retryable: true, details: { agent: agent.name, timeoutMs: modelTimeoutMs } },
            ),
        );
  if (result.done) return undefined;
  const problem = responseProblem(result.value);
  if (problem !== undefined)
    throw new AdkError(
      "MODEL_FAILED",
      `Model ${agent.canonicalModel.model} of agent ${agent.name} answered with ${problem} instead of an LlmResponse. See to its generateContentAsync.`,
      { details: { agent: agent.name } },
    );
  return result.value;
}

async function beforeModel(
  agent: LlmAgent,
  context: Context,
  request: LlmRequest,
): Promise<LlmResponse | undefined> {
  const plugins = context.invocationContext.pluginManager;
  if (plugins.has("beforeModelCallback")) {
    const answer = await plugins.first("beforeModelCallback", {
      callbackContext: context,
      llmRequest: request,
    });
    if (answer) return answer;
  }
  if (agent.beforeModelCallbacks.length === 0) return undefined;
  return await firstAnswer(agent.beforeModelCallbacks, { context, request }, "beforeModelCallback");
}

/** A replacement inherits what it leaves open of how the answer was streamed and what it cost. */
async function afterModel(
  agent: LlmAgent,
  context: Context,
  response: LlmResponse,
): Promise<LlmResponse> {
  const plugins = context.invocationContext.pluginManager;
  const replacement =
    (plugins.has("afterModelCallback")
      ? await plugins.first("afterModelCallback", {
          callbackContext: context,
          llmResponse: response,
        })
      : undefined) ??
    (agent.afterModelCallbacks.length > 0
      ? await firstAnswer(agent.afterModelCallbacks, { context, response }, "afterModelCallback")
      : undefined);
  if (!replacement || replacement === response) return response;
  const { partial, turnComplete, usageMetadata } = response;
  const inherited: LlmResponse = {};
  if (partial !== undefined) inherited.partial = partial;
  if (turnComplete !== undefined) inherited.turnComplete = turnComplete;
  if (usageMetadata !== undefined) inherited.usageMetadata = usageMetadata;
  return { ...inherited, ...replacement };
}

async function onModelError(
  agent: LlmAgent,
  context: Context,
  request: LlmRequest,
  error: Error,
): Promise<LlmResponse | undefined> {
  const plugins = context.invocationContext.pluginManager;
  return (
    (await plugins.first("onModelErrorCallback", {
      callbackContext: context,
      llmRequest: request,
      error,
    })) ??
    (await firstAnswer(
      agent.onModelErrorCallbacks,
      { context, request, error },
      "onModelErrorCallback",
    ))
  );
}

function modelFailed(agent: LlmAgent, error: unknown): unknown {
  if (AdkError.isInstance(error)) return error;
  return new AdkError(
    "MODEL_FAILED",
    `The model of agent ${agent.name} failed: ${asError(error).message}`,
    { cause: error, details: { agent: agent.name } },
  );
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
