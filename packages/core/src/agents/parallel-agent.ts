import type { InvocationContext } from "../context/invocation-context.ts";
import type { Event } from "../events/event.ts";
import { getFunctionResponses } from "../events/predicates.ts";
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

type Branch = AsyncGenerator<Event, void, undefined>;
type Step = { branch: Branch } & (
  | { result: IteratorResult<Event, void> }
  | { error: unknown; result?: never }
);

/**
 * Runs its sub-agents at the same time, each on a branch of its own (`NAME.SUB`): branches do not see each other's events.
 * A branch goes on when its event was taken. The first failure, or an event that escalates, stops the others.
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
    const { controller, unlink } = followingController(context.abortSignal);
    const running: Map<Branch, Promise<Step>> = new Map();
    for (const agent of this.subAgents) {
      const branch = agent.runAsync(
        context.clone({
          branch: `${context.branch === undefined ? "" : `${context.branch}.`}${this.name}.${agent.name}`,
          abortSignal: controller.signal,
          childFrom: from,
        }),
      );
      running.set(branch, advance(branch));
    }
    let failure: { error: unknown } | undefined;
    /** The branch whose event is being taken. */
    let shown: Branch | undefined;
    try {
      while (running.size > 0) {
        const step = await Promise.race(running.values());
        if (step.result === undefined) {
          running.delete(step.branch);
          if (isFailure(step.error, controller.signal, context)) failure ??= { error: step.error };
          controller.abort();
        } else if (step.result.done) {
          running.delete(step.branch);
        } else {
          shown = step.branch;
          yield step.result.value;
          shown = undefined;
          if (step.result.value.actions.escalate) controller.abort();
          running.set(step.branch, advance(step.branch));
        }
      }
    } finally {
      unlink();
      controller.abort();
      const left = await Promise.all(
        [...running].map(([branch, step]) => leave(branch, branch === shown ? undefined : step)),
      );
      // What the branches' tools have done is not lost; last, for not everybody comes back for it.
      yield* left.flat();
    }
    if (failure) throw failure.error;
  }
}

/** What a branch throws because it was stopped is no failure. */
function isFailure(error: unknown, { aborted }: AbortSignal, context: InvocationContext): boolean {
  if (error instanceof Stopped) return false;
  return !aborted || context.invocation.fatalErrors.has(error as object);
}

/** Ends a branch. @returns the responses of its tools that nobody has taken yet. */
async function leave(branch: Branch, underWay: Promise<Step> | undefined): Promise<Event[]> {
  const results: Event[] = [];
  const keep = ({ done, value }: IteratorResult<Event, void>): boolean => {
    if (!done && getFunctionResponses(value).length > 0) results.push(value);
    return done !== true;
  };
  try {
    const step = await underWay;
    if (step?.result) keep(step.result);
    for (let last = await branch.return(); keep(last);) last = await branch.next();
  } catch {
    // Nobody waits for this branch any more.
  }
  return results;
}

async function advance(branch: Branch): Promise<Step> {
  try {
    return { branch, result: await branch.next() };
  } catch (error) {
    return { branch, error };
  }
}
