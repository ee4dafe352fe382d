import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { BASE_AGENT_OPTIONS, BaseAgent, type BaseAgentConfig } from "./base-agent.ts";
import { agentRun } from "../log/agent-run.ts";
import { checkpoint } from "./checkpoint.ts";
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
    let { index, from } = this.#position(context);
    for (; index < this.subAgents.length; index++) {
      const agent = this.subAgents[index] as BaseAgent;
      from ??= yield* checkpoint(context, { current_sub_agent: agent.name });
      const outcome = yield* runStep(agent, context, from);
      if (outcome !== "done" && outcome !== "escalated") return;
      from = undefined;
    }
  }

  /** The step the log stands at, and where that began. */
  #position(context: InvocationContext): { index: number; from: number | undefined } {
    const stored = context.isResumable ? agentRun(context.runStart).checkpoint : undefined;
    if (!stored) return { index: 0, from: undefined };
    const name = stored.state["current_sub_agent"];
    const index = this.subAgents.findIndex((agent) => agent.name === name);
    if (index !== -1) return { index, from: stored.index + 1 };
    context.invocation.logger.warn(
      `Agent ${this.name} stood at ${String(name)}, which is none of its sub-agents any more; it starts again.`,
    );
    return { index: 0, from: undefined };
  }
}
