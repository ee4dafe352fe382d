import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { integer, type OptionCheck } from "../internal/check-options.ts";
import { BASE_AGENT_OPTIONS, BaseAgent, type BaseAgentConfig } from "./base-agent.ts";
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
    for (let pass = 0; pass < this.maxIterations; pass++) {
      for (const agent of this.subAgents) if ((yield* runStep(agent, context)) !== "done") return;
    }
  }
}
