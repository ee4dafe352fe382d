import type { BaseAgent } from "../agents/base-agent.ts";
import type { LlmAgent } from "../agents/llm-agent.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { getFunctionCalls, getFunctionResponses } from "../events/predicates.ts";

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

function makesOrAnswersCalls(event: Event): boolean {
  return getFunctionCalls(event).length > 0 || getFunctionResponses(event).length > 0;
}

/**
 * The agent that `agent` handed over to in the run whose events start at `from`; `undefined` when it did not.
 *
 * @throws AdkError `FAILED_PRECONDITION` for a target that is not one of its own.
 */
export function followTransfer(
  agent: LlmAgent,
  context: InvocationContext,
  from: number,
): BaseAgent | undefined {
  const { events } = context.session;
  if (context.abortSignal.aborted) return undefined;
  for (let index = events.length - 1; index >= from; index--) {
    const event = events[index] as Event;
    if (event.author !== agent.name || event.branch !== context.branch) continue;
    const name = event.actions.transferToAgent;
    if (name === undefined) {
      // Words may still follow a transfer (`afterAgentCallback`); a call or a response belongs to a run that went on.
      if (makesOrAnswersCalls(event)) return undefined;
      continue;
    }
    const targets = transferTargets(agent);
    const target = targets.find((candidate) => candidate.name === name);
    if (target) return target;
    throw new AdkError(
      "FAILED_PRECONDITION",
      `Agent ${agent.name} cannot transfer to ${name}. It can to: ${targets.map((one) => one.name).join(", ") || "none"}. Add ${name} to its \`subAgents\`, or allow transfers to parent and peers.`,
      { details: { agent: agent.name, target: name } },
    );
  }
  return undefined;
}
