import { SharedContext } from "../../context/shared-context.ts";
import { settlesWithin } from "../../internal/clock.ts";
import { followingController, orStopped, Stopped } from "../../internal/stopped.ts";
import { WAITING } from "../../internal/waiting.ts";
import type { AroundChain } from "../../plugins/around-chain.ts";
import type { WrappedToolCall } from "../../plugins/around.ts";
import { ToolAttempt } from "./tool-attempt.ts";

/** Plugins around a call get this much more than the tool to stop. */
const PLUGIN_GRACE_MS = 250;

/**
 * The work of a tool with the plugins that stand around it: as many attempts as they ask for, or none. Every attempt writes
 * through a context of its own: one that was cancelled does not stand in the way of the next.
 *
 * @throws Stopped; what the tool and the plugins throw.
 */
export async function attemptsThroughPlugins(
  chain: AroundChain,
  call: WrappedToolCall,
  signal: AbortSignal,
): Promise<unknown> {
  const { tool, toolArgs, toolContext } = call;
  let made = 0;
  let isWaiting = false;
  const work = chain.tool(call, async () => {
    const { controller, unlink } = followingController(signal);
    const context = new SharedContext(toolContext, {
      attempt: toolContext.attempt + made++,
      abortSignal: controller.signal,
    });
    try {
      const result = await new ToolAttempt(tool, toolArgs, context, controller).run();
      isWaiting = result === WAITING;
      return isWaiting ? undefined : result;
    } finally {
      unlink();
      context.revoke("the call has returned");
    }
  });
  try {
    const result = await orStopped(work, signal);
    return isWaiting ? WAITING : result;
  } catch (error) {
    if (error instanceof Stopped) await giveUp(work, call);
    throw error;
  }
}

async function giveUp(
  work: Promise<unknown>,
  { tool, toolContext }: WrappedToolCall,
): Promise<void> {
  const { clock, abortGraceMs, logger } = toolContext.invocationContext.invocation;
  const graceMs = abortGraceMs + PLUGIN_GRACE_MS;
  if (await settlesWithin(clock, graceMs, work)) return;
  logger.warn(
    `The plugins around tool ${tool.name} have not stopped ${graceMs} ms after its call was cancelled; they are abandoned.`,
    { callId: toolContext.functionCallId },
  );
}
