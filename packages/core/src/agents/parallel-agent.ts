import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { getFunctionResponses } from "../events/predicates.ts";
import { GraceGate } from "../internal/grace-gate.ts";
import { followingController, Stopped } from "../internal/stopped.ts";
import { agentRun } from "../log/agent-run.ts";
import { hasEscalated } from "../log/run-span.ts";
import { BASE_AGENT_OPTIONS, BaseAgent, type BaseAgentConfig } from "./base-agent.ts";
import { checkpoint } from "./checkpoint.ts";
import { spanOf } from "./span-of.ts";

const BRAND: unique symbol = Symbol.for("google.adk.parallelAgent") as never;

/** Whether `value` is a parallel agent, of this or of another copy of the package. */
export function isParallelAgent(value: unknown): value is ParallelAgent {
  return typeof value === "object" && value !== null && BRAND in value;
}

type Step = { branch: Branch } & (
  | { result: IteratorResult<Event, void> }
  | { error: unknown; result?: never }
);

/** An agent inside gets `abortGraceMs`; the parallel agent itself, a little more. */
const OWN_GRACE_MS = 250;

/**
 * Runs its sub-agents at the same time, each on a branch of its own (`NAME.SUB`): branches do not see each other's events.
 * A branch goes on when its event was taken. The first failure, or an event that escalates, stops all of them.
 */
export class ParallelAgent extends BaseAgent {
  constructor(config: BaseAgentConfig) {
    super(config, BASE_AGENT_OPTIONS, new.target !== ParallelAgent);
    Object.defineProperty(this, BRAND, { value: true });
  }

  protected async *runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, undefined> {
    const stored = context.isResumable ? agentRun(context.runStart).checkpoint : undefined;
    // A branch has told the others to stop; after a crash they are not taken up again.
    if (stored && hasEscalated(spanOf(context, stored.index + 1))) return;
    const from = stored ? stored.index + 1 : yield* checkpoint(context, {});
    const kept: Event[] = [];
    try {
      yield* this.#runBranches(context, from, kept);
    } finally {
      // What the branches' tools have done is not lost; last of all, for not everybody comes back for it.
      yield* kept;
    }
  }

  /**
   * @param from where the runs of the branches begin.
   * @param kept for the responses that nobody has taken when the agent is left.
   */
  async *#runBranches(
    context: InvocationContext,
    from: number,
    kept: Event[],
  ): AsyncGenerator<Event, void, undefined> {
    const { controller, unlink } = followingController(context.abortSignal);
    const { signal } = controller;
    const { clock, abortGraceMs, logger } = context.invocation;
    using gate = new GraceGate(signal, { clock, graceMs: abortGraceMs + OWN_GRACE_MS });
    const running: Map<Branch, Promise<Step>> = new Map();
    for (const agent of this.subAgents) {
      const name = `${this.name}.${agent.name}`;
      const branch = new Branch(
        agent.runAsync(
          context.clone({
            branch: context.branch === undefined ? name : `${context.branch}.${name}`,
            abortSignal: signal,
            childFrom: from,
          }),
        ),
        signal,
      );
      running.set(branch, branch.advance());
    }
    let failure: { error: unknown } | undefined;
    /** The branch whose event is being taken. */
    let shown: Branch | undefined;
    try {
      while (running.size > 0) {
        const step = await gate.pass(Promise.race(running.values()));
        if (step.result === undefined) {
          running.delete(step.branch);
          if (isFailure(step.error, signal, context)) failure ??= { error: step.error };
          controller.abort();
        } else if (step.result.done) {
          running.delete(step.branch);
        } else {
          shown = step.branch;
          yield step.result.value;
          shown = undefined;
          if (step.result.value.actions.escalate) controller.abort();
          running.set(step.branch, step.branch.advance());
        }
      }
    } catch (error) {
      if (!gate.isClosed) throw error;
      logger.warn(
        `${running.size} branches of agent ${this.name} have not stopped ${abortGraceMs} ms after they were told to; they are abandoned.`,
      );
    } finally {
      unlink();
      controller.abort();
      const left = [...running].map(([branch, step]) =>
        branch.leave(branch === shown ? undefined : step, kept),
      );
      await gate.pass(Promise.all(left)).catch(() => undefined);
    }
    if (failure) throw failure.error;
  }
}

/** What a branch throws because it was stopped is no failure. */
function isFailure(error: unknown, { aborted }: AbortSignal, context: InvocationContext): boolean {
  if (error instanceof Stopped) return false;
  return !aborted || context.invocation.fatalErrors.has(error as object);
}

/** The run of one sub-agent. */
class Branch {
  readonly #events: AsyncGenerator<Event, void, undefined>;
  readonly #signal: AbortSignal;
  #isLeft = false;

  constructor(events: AsyncGenerator<Event, void, undefined>, signal: AbortSignal) {
    this.#events = events;
    this.#signal = signal;
  }

  /** Its next event; after the signal, only what its tools have done already. */
  async advance(): Promise<Step> {
    try {
      return { branch: this, result: await this.#next() };
    } catch (error) {
      return { branch: this, error };
    }
  }

  /** Ends it; responses of its tools that nobody has taken yet are put into `kept`. */
  async leave(underWay: Promise<Step> | undefined, kept: Event[]): Promise<void> {
    let step = (await underWay) ?? (await this.advance());
    while (step.result && !step.result.done) {
      if (getFunctionResponses(step.result.value).length > 0) kept.push(step.result.value);
      step = await this.advance();
    }
  }

  #next(): Promise<IteratorResult<Event, void>> {
    if (this.#isLeft || !this.#signal.aborted) return this.#events.next();
    this.#isLeft = true;
    return this.#events.return();
  }
}
