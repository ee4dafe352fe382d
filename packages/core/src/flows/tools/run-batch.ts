import type { FunctionCall } from "../../content/content.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import type { Event } from "../../events/event.ts";
import { getFunctionCalls } from "../../events/predicates.ts";
import { followingController, Stopped } from "../../internal/stopped.ts";
import { untilIdle } from "../../internal/until-idle.ts";
import type { BaseTool } from "../../tools/base-tool.ts";
import { type CallOutcome, ToolCall } from "./call-tool.ts";
import { responseEvent } from "./response-event.ts";

/**
 * Makes the calls of one model event, all at the same time, and yields one event with their responses in the order of the
 * calls. When one of them ends the run, or the run is stopped, what the others have done is kept: the event comes first.
 *
 * Calls start in order, each as soon as the one before has finished or waits for something from outside; so hooks and
 * tools that do not wait run strictly one after the other.
 */
export async function* runBatch(
  context: InvocationContext,
  event: Event,
  toolsDict: Readonly<Record<string, BaseTool>>,
): AsyncGenerator<Event, void, undefined> {
  const calls = getFunctionCalls(event);
  const { controller, unlink } = followingController(context.abortSignal);
  let outcomes: CallOutcome[];
  try {
    outcomes = await callAll(context, calls, toolsDict, controller);
  } finally {
    unlink();
  }
  const responses = responseEvent(context, calls, outcomes);
  if (responses) yield responses;
  for (const outcome of outcomes) if (outcome.kind === "failed") throw outcome.error;
  if (outcomes.some(({ kind }) => kind === "stopped")) throw new Stopped();
}

async function callAll(
  context: InvocationContext,
  calls: readonly FunctionCall[],
  toolsDict: Readonly<Record<string, BaseTool>>,
  controller: AbortController,
): Promise<CallOutcome[]> {
  const cap = context.runConfig.maxConcurrentTools ?? Number.POSITIVE_INFINITY;
  const running: Set<Promise<unknown>> = new Set();
  const started: Promise<CallOutcome>[] = [];
  for (const [index, call] of calls.entries()) {
    while (running.size >= cap) await Promise.race(running);
    const outcome = new ToolCall(context, call, toolsDict, controller.signal)
      .run()
      .then((result) => {
        running.delete(outcome);
        if (result.kind === "failed") controller.abort();
        return result;
      });
    running.add(outcome);
    started.push(outcome);
    if (index < calls.length - 1) await untilIdle(outcome);
  }
  return await Promise.all(started);
}
