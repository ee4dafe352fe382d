import type { LlmRequest } from "@adk/core";
import { type ToolResult, readSituation, type Situation } from "./situation.ts";
import { understand } from "./understand.ts";

export interface Call {
  readonly name: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a model says next: words, or calls. */
export type Decision = { readonly text: string } | { readonly calls: readonly Call[] };

/** What shall be done about something that the user said. */
export interface Plan {
  /** Whose it is to do. */
  readonly agent?: string | undefined;
  /** The next step, after what the tools have responded so far. */
  next(results: readonly ToolResult[]): Decision;
}

/** The next step in the conversation that the request holds. */
export function decide(llmRequest: LlmRequest): Decision {
  const situation = readSituation(llmRequest);
  const plan = understand(situation.text, situation.lastAnswer);
  const decision = plan.next(situation.results);
  if (situation.results.length > 0) return decision;
  const agent = otherAgent(plan, decision, situation);
  if (agent !== undefined)
    return { calls: [{ name: "transfer_to_agent", args: { agent_name: agent } }] };
  const missing = missingTool(decision, situation);
  if (missing === undefined) return decision;
  return { text: `I have no tool \`${missing}\` here, and without it I cannot do that.` };
}

/** Who should take over: whom the plan names, or whoever may have the tool that is missing here. */
function otherAgent(plan: Plan, decision: Decision, situation: Situation): string | undefined {
  const { agents, isHandedOver } = situation;
  if (plan.agent !== undefined && agents.includes(plan.agent)) return plan.agent;
  return isHandedOver || missingTool(decision, situation) === undefined ? undefined : agents[0];
}

function missingTool(decision: Decision, { tools }: Situation): string | undefined {
  if ("text" in decision) return undefined;
  return decision.calls.find(({ name }) => !tools.has(name))?.name;
}
