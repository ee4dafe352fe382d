import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { hasEscalated, openRequests, type RunSpan } from "../log/run-span.ts";
import type { BaseAgent } from "./base-agent.ts";

/** How a sub-agent's run ended, as its stored events say. */
export type StepOutcome = "done" | "escalated" | "waiting" | "stopped";

/** Runs a sub-agent as one step of a composed agent. */
export async function* runStep(
  agent: BaseAgent,
  context: InvocationContext,
): AsyncGenerator<Event, StepOutcome, undefined> {
  const { events } = context.session;
  const span: RunSpan = {
    events,
    from: events.length,
    invocationId: context.invocationId,
    branch: context.branch,
  };
  yield* agent.runAsync(context);
  if (context.abortSignal.aborted) return "stopped";
  if (openRequests(span).size > 0) return "waiting";
  return hasEscalated(span) ? "escalated" : "done";
}
