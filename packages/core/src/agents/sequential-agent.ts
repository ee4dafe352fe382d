import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { BASE_AGENT_OPTIONS, BaseAgent, type BaseAgentConfig } from "./base-agent.ts";
import { runStep } from "./run-step.ts";

/** Runs its sub-agents one after the other; pauses where one of them waits for an answer from outside. */
export class SequentialAgent extends BaseAgent {
  constructor(config: BaseAgentConfig) {
    super(config, BASE_AGENT_OPTIONS, new.target !== SequentialAgent);
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
