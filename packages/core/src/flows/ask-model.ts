import type { LlmAgent } from "../agents/llm-agent.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { describe } from "../internal/check-options.ts";
import { settlesWithin, withTimeout } from "../internal/clock.ts";
import { StopGate } from "../internal/stop-gate.ts";
import { followingController } from "../internal/stopped.ts";
import { TappedStream } from "../internal/tapped-stream.ts";
import type { BaseLlm } from "../models/base-llm.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import { responseProblem } from "./response-problem.ts";

type Responses = AsyncGenerator<LlmResponse, void, undefined>;

/**
 * One call of the agent's model: each response as it comes, within the agent's `modelTimeoutMs`. It is cancelled when the
 * stream is left, when the agent is to stop, and when it fails.
 *
 * @throws Stopped; what the model throws; AdkError `MODEL_FAILED` for an answer that is none, or that does not come.
 */
export function askModel(
  agent: LlmAgent,
  context: InvocationContext,
  request: LlmRequest,
): Responses {
  const call: OpenCall = { controller: undefined };
  return new TappedStream(responsesOf(agent, context, request, call), {
    leave: () => call.controller?.abort(),
  });
}

/** What cancels a call, once it is made. */
interface OpenCall {
  controller: AbortController | undefined;
}

async function* responsesOf(
  agent: LlmAgent,
  context: InvocationContext,
  request: LlmRequest,
  call: OpenCall,
): Responses {
  const { controller, unlink } = followingController(context.abortSignal);
  call.controller = controller;
  using gate = new StopGate(controller.signal);
  const streaming = context.runConfig.streamingMode === "sse";
  let stream: Responses | undefined;
  let isOver = false;
  try {
    stream = start(agent.canonicalModel, request, streaming, controller.signal);
    for (;;) {
      const response = await nextResponse(stream, gate, agent, context);
      if (response === undefined) {
        isOver = true;
        return;
      }
      yield response;
    }
  } catch (error) {
    if (!controller.signal.aborted) {
      isOver = true;
      if (stream) cancel(stream, controller);
    }
    throw error;
  } finally {
    unlink();
    if (!isOver && stream) {
      controller.abort();
      await close(stream, agent, context);
    }
  }
}

/** A call that failed may still be under way (it was too slow, or its answer made no sense): nobody waits for its end. */
function cancel(stream: Responses, controller: AbortController): void {
  controller.abort();
  void Promise.resolve(stream.return?.(undefined)).catch(() => undefined);
}

/** A generator that hangs in its own work never comes back: it gets a while, then nobody listens to it any more. */
async function close(
  stream: Responses,
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
): Responses {
  const stream: unknown = llm.generateContentAsync(request, streaming, signal);
  if (typeof (stream as AsyncGenerator | undefined)?.next !== "function")
    throw new AdkError(
      "MODEL_FAILED",
      `generateContentAsync of model ${llm.model} returned ${describe(stream)}; it must be an async generator (async *generateContentAsync).`,
    );
  return stream as Responses;
}

async function nextResponse(
  stream: Responses,
  gate: StopGate,
  agent: LlmAgent,
  { invocation: { clock } }: InvocationContext,
): Promise<LlmResponse | undefined> {
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
