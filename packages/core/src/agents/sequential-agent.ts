import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { BASE_AGENT_OPTIONS, BaseAgent, type BaseAgentConfig } from "./base-agent.ts";
import { runStep } from "./run-step.ts";

const BRAND: unique symbol = Symbol.for("google.adk.sequentialAgent") as never;

/** Whether `value` is a sequential agent, of this or of another copy of the package. */
export function isSequentialAgent(value: unknown): value is SequentialAgent {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Runs its sub-agents one after the other; pauses where one of them waits for an answer from outside. */
export class SequentialAgent extends BaseAgent {
  constructor(config: BaseAgentConfig) {
    super(config, BASE_AGENT_OPTIONS, new.target !== SequentialAgent);
    Object.defineProperty(this, BRAND, { value: true });
  }

  protected async *runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, undefined> {
    for (const agent of this.subAgents) {
      const step = yield* runStep(agent, context);
      if (step !== "done" && step !== "escalated") return;
    }
  }
}
