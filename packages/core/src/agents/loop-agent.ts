import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { integer, type OptionCheck } from "../internal/check-options.ts";
import { BASE_AGENT_OPTIONS, BaseAgent, type BaseAgentConfig } from "./base-agent.ts";
import { agentRun } from "../log/agent-run.ts";
import { checkpoint } from "./checkpoint.ts";
import { runStep } from "./run-step.ts";

const BRAND: unique symbol = Symbol.for("google.adk.loopAgent") as never;

/** Whether `value` is a loop agent, of this or of another copy of the package. */
export function isLoopAgent(value: unknown): value is LoopAgent {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Options of a loop agent. */
export interface LoopAgentConfig extends BaseAgentConfig {
  /** Passes at the most; 0 runs nothing. @defaultValue no limit */
  maxIterations?: number | undefined;
}

const OPTIONS: Readonly<Record<string, OptionCheck>> = {
  ...BASE_AGENT_OPTIONS,
  maxIterations: integer(0),
};

/** Runs its sub-agents one after the other, again and again, until one of them escalates (`exit_loop`) or waits. */
export class LoopAgent extends BaseAgent<LoopAgentConfig> {
  readonly maxIterations: number;

  constructor(config: LoopAgentConfig) {
    super(config, OPTIONS, new.target !== LoopAgent);
    Object.defineProperty(this, BRAND, { value: true });
    this.maxIterations = config.maxIterations ?? Number.POSITIVE_INFINITY;
  }

  protected async *runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, undefined> {
    if (this.subAgents.length === 0) return;
    let { pass, index, from } = this.#position(context);
    for (; pass < this.maxIterations; pass++) {
      for (; index < this.subAgents.length; index++) {
        const agent = this.subAgents[index] as BaseAgent;
        from ??= yield* checkpoint(context, {
          current_sub_agent: agent.name,
          times_looped: pass,
        });
        if ((yield* runStep(agent, context, from)) !== "done") return;
        from = undefined;
      }
      index = 0;
    }
  }

  /** The pass and the step the log stands at, and where that step began. */
  #position(context: InvocationContext): {
    pass: number;
    index: number;
    from: number | undefined;
  } {
    const stored = context.isResumable ? agentRun(context.runStart).checkpoint : undefined;
    if (!stored) return { pass: 0, index: 0, from: undefined };
    const pass = Number(stored.state["times_looped"] ?? 0);
    const name = stored.state["current_sub_agent"];
    const index = this.subAgents.findIndex((agent) => agent.name === name);
    if (index !== -1) return { pass, index, from: stored.index + 1 };
    context.invocation.logger.warn(
      `Agent ${this.name} stood at ${String(name)}, which is none of its sub-agents any more; it starts the pass again.`,
    );
    return { pass, index: 0, from: undefined };
  }
}
