import type { LlmAgent } from "../agents/llm-agent.ts";
import type { Context } from "../context/context.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { settlesWithin } from "../internal/clock.ts";
import { StopGate } from "../internal/stop-gate.ts";
import { Stopped } from "../internal/stopped.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import type { AroundChain } from "../plugins/around-chain.ts";
import type { WrappedModelCall } from "../plugins/around.ts";
import { firstAnswer } from "../plugins/first-answer.ts";
import { askModel } from "./ask-model.ts";

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
  const { invocationContext } = context();
  const { abortSignal, pluginManager } = invocationContext;
  const chain = pluginManager.around("aroundModelCall", (error) => isFinal(error, abortSignal));
  const stream = chain
    ? throughPlugins(chain, agent, context(), request)
    : countedCall(agent, invocationContext, request);
  using gate = chain && new StopGate(abortSignal);
  let isOver = false;
  try {
    for (;;) {
      let response: LlmResponse;
      try {
        const step = await (gate ? gate.pass(stream.next()) : stream.next());
        isOver = step.done === true;
        if (step.done) return;
        response = step.value;
      } catch (error) {
        if (error instanceof Stopped || abortSignal.aborted) throw new Stopped();
        isOver = true;
        if (chain?.final) throw chain.final.error;
        const replacement = await onModelError(agent, context(), request, asError(error));
        if (!replacement) throw modelFailed(agent, error);
        yield await afterModel(agent, context(), replacement);
        return;
      }
      yield await afterModel(agent, context(), response);
    }
  } finally {
    if (!isOver && chain) await leavePlugins(stream, agent, invocationContext);
    else if (!isOver) await stream.return(undefined);
  }
}

/** @throws AdkError `LLM_CALLS_LIMIT_EXCEEDED` */
function countedCall(
  agent: LlmAgent,
  context: InvocationContext,
  request: LlmRequest,
): AsyncGenerator<LlmResponse, void, undefined> {
  context.incrementLlmCallCount();
  return askModel(agent, context, request);
}

/** The call with the plugins that stand around it. */
function throughPlugins(
  chain: AroundChain,
  agent: LlmAgent,
  callbackContext: Context,
  llmRequest: LlmRequest,
): AsyncGenerator<LlmResponse, void, undefined> {
  const { invocationContext } = callbackContext;
  const call: WrappedModelCall = {
    callbackContext,
    llmRequest,
    model: agent.canonicalModel,
    stream: invocationContext.runConfig.streamingMode === "sse",
  };
  return chain.model(call, (asked) => countedCall(agent, invocationContext, asked));
}

function isFinal(error: unknown, abortSignal: AbortSignal): boolean {
  return abortSignal.aborted || AdkError.isInstance(error, "LLM_CALLS_LIMIT_EXCEEDED");
}

/** Plugins get this much more than the call they stand around. */
const PLUGIN_GRACE_MS = 250;

/** A plugin that hangs in its own work never comes back: it gets a while, then nobody listens to it any more. */
async function leavePlugins(
  stream: AsyncGenerator<LlmResponse, void, undefined>,
  agent: LlmAgent,
  { invocation }: InvocationContext,
): Promise<void> {
  const { clock, abortGraceMs, logger } = invocation;
  const graceMs = abortGraceMs + PLUGIN_GRACE_MS;
  if (!(await settlesWithin(clock, graceMs, stream.return(undefined))))
    logger.warn(
      `The plugins around the model of agent ${agent.name} have not stopped ${graceMs} ms after its call was left; they are abandoned.`,
    );
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
