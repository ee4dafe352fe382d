import type { BaseAgent } from "../agents/base-agent.ts";
import type { LlmAgent } from "../agents/llm-agent.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { agentRun, transferOf } from "../log/agent-run.ts";

/** The agents this one may hand over to: those below, the one above and those beside it, unless it may not. */
export function transferTargets(agent: LlmAgent): BaseAgent[] {
  const targets: BaseAgent[] = [...agent.subAgents];
  const parent = agent.parentAgent;
  if (parent === undefined || !canTransfer(parent)) return targets;
  if (!agent.disallowTransferToParent) targets.push(parent);
  if (!agent.disallowTransferToPeers)
    targets.push(...parent.subAgents.filter((peer) => peer !== agent));
  return targets;
}

/** Only LLM agents hand over; composed ones decide by themselves who runs. */
function canTransfer(agent: BaseAgent): boolean {
  return "disallowTransferToParent" in agent;
}

/** Whether the next turn may start at this agent: it and all above it are LLM agents that may hand back. */
export function isRoutableLlmAgent(agent: BaseAgent): boolean {
  for (let current: BaseAgent | undefined = agent; current; current = current.parentAgent)
    if (!canTransfer(current) || (current as LlmAgent).disallowTransferToParent) return false;
  return true;
}

/** Who takes over, and the index in the log at which that run begins. */
export interface Transfer {
  readonly agent: BaseAgent;
  readonly from: number;
}

/**
 * The agent that the agent of `context` handed over to in its run, and where that one's run begins; `undefined` when it did
 * not, or has not ended yet.
 *
 * @throws AdkError `FAILED_PRECONDITION` for a target that is not one of its own.
 */
export function followTransfer(agent: LlmAgent, context: InvocationContext): Transfer | undefined {
  if (context.abortSignal.aborted) return undefined;
  const run = agentRun(context.runStart);
  if (context.isResumable && run.endIndex === undefined) return undefined;
  const transfer = transferOf(context.runStart, run);
  if (transfer === undefined) return undefined;
  const targets = transferTargets(agent);
  const target = targets.find(({ name }) => name === transfer.target);
  if (target)
    return {
      agent: target,
      from: context.isResumable ? transfer.index + 1 : context.session.events.length,
    };
  throw new AdkError(
    "FAILED_PRECONDITION",
    `Agent ${agent.name} cannot transfer to ${transfer.target}. It can to: ${targets.map((one) => one.name).join(", ") || "none"}. Add ${transfer.target} to its \`subAgents\`, or allow transfers to parent and peers.`,
    { details: { agent: agent.name, target: transfer.target } },
  );
}
