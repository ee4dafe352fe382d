import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { hasEscalated, openRequests } from "../log/run-span.ts";
import type { BaseAgent } from "./base-agent.ts";
import { spanOf } from "./span-of.ts";

/** How a sub-agent's run ended, as its stored events say. */
export type StepOutcome = "done" | "escalated" | "waiting" | "stopped";

/** Runs a sub-agent as one step of a composed agent, from where the step begins. */
export async function* runStep(
  agent: BaseAgent,
  context: InvocationContext,
  from: number,
): AsyncGenerator<Event, StepOutcome, undefined> {
  yield* agent.runAsync(context.clone({ childFrom: from }));
  if (context.abortSignal.aborted) return "stopped";
  const span = spanOf(context, from);
  if (openRequests(span, context.invocation.clock.now()).size > 0) return "waiting";
  return hasEscalated(span) ? "escalated" : "done";
}
