import { appendInstructions, appendTools } from "../../models/append-to-request.ts";
import { TransferToAgentTool } from "../../tools/transfer-to-agent-tool.ts";
import { agentOf } from "../agent-of.ts";
import { transferTargets } from "../transfer-targets.ts";
import type { LlmAgent } from "../../agents/llm-agent.ts";
import type { RequestProcessor } from "./request-processor.ts";

interface Transfer {
  readonly tool: TransferToAgentTool;
  readonly instruction: string;
}

/** The tree of agents does not change once it is built, nor do their descriptions. */
const transfers: WeakMap<LlmAgent, Transfer | undefined> = new WeakMap();

/** Lets the agent hand the conversation over, and tells it to whom. */
export const agentTransfer: RequestProcessor = (context, request) => {
  const agent = agentOf(context);
  if (!transfers.has(agent)) transfers.set(agent, makeTransfer(agent));
  const transfer = transfers.get(agent);
  if (transfer === undefined) return;
  appendInstructions(request, [transfer.instruction]);
  appendTools(request, [transfer.tool]);
};

function makeTransfer(agent: LlmAgent): Transfer | undefined {
  const targets = transferTargets(agent);
  if (targets.length === 0) return undefined;
  const names = targets.map(({ name }) => name).sort();
  const tool = new TransferToAgentTool({ agentNames: names });
  const list = targets
    .map(
      ({ name, description }) =>
        `- ${name}: ${description === "" ? "(no description)" : description}`,
    )
    .join("\n");
  const back =
    agent.parentAgent && targets.includes(agent.parentAgent)
      ? `\nWhen no agent is better suited and it is not yours to answer, hand over to ${agent.parentAgent.name}.`
      : "";
  return {
    tool,
    instruction: `Other agents of this application:\n${list}\nWhen one of them is better suited to answer, call \`${tool.name}\` with its name and say nothing beside the call. Names you may use: ${names.join(", ")}.${back}`,
  };
}
