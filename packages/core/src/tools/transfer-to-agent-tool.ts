import { AdkError } from "../errors.ts";
import { FunctionTool } from "./function-tool.ts";
import type { JsonSchema } from "./schema/json-schema.ts";

export const TRANSFER_TO_AGENT_TOOL_NAME = "transfer_to_agent";

export interface TransferToAgentToolOptions {
  /** The agents that may be transferred to; the model sees no others, and a call that names another is told so. */
  agentNames: readonly string[];
}

/** Hands the conversation over to another agent. The flow adds it to agents that have somewhere to transfer to. */
export class TransferToAgentTool extends FunctionTool<JsonSchema> {
  constructor({ agentNames }: TransferToAgentToolOptions) {
    if (!Array.isArray(agentNames) || agentNames.length === 0)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "A TransferToAgentTool needs `agentNames`: the names of the agents to transfer to, at least one.",
      );
    super({
      name: TRANSFER_TO_AGENT_TOOL_NAME,
      description:
        "Hands the conversation over to another agent, one whose description fits the user's request better than yours.",
      parameters: {
        type: "object",
        properties: {
          agent_name: {
            type: "string",
            enum: [...agentNames],
            description: "Name of the agent that takes over.",
          },
          transfer_reason: { type: "string", description: "Why, in a few words." },
        },
        required: ["agent_name"],
      },
      execute(
        { agent_name, transfer_reason }: { agent_name: string; transfer_reason?: string },
        toolContext,
      ) {
        toolContext.actions.transferToAgent = agent_name;
        if (transfer_reason !== undefined) toolContext.actions.transferReason = transfer_reason;
        return null;
      },
    });
  }
}
