import { AdkError } from "../errors.ts";
import type { RunAsyncToolRequest } from "./base-tool.ts";
import { checkOptions } from "../internal/check-options.ts";
import { FunctionTool } from "./function-tool.ts";
import type { JsonSchema } from "./schema/json-schema.ts";

/** The name of the call that hands a conversation over. */
export const TRANSFER_TO_AGENT_TOOL_NAME = "transfer_to_agent";

/** Options of the tool that hands a conversation over. */
export interface TransferToAgentToolOptions {
  /** The agents that may be transferred to; the model sees no others, and a call that names another is told so. */
  agentNames: readonly string[];
}

/** Hands the conversation over to another agent. The flow adds it to agents that have somewhere to transfer to. */
export class TransferToAgentTool extends FunctionTool<JsonSchema> {
  constructor(options: TransferToAgentToolOptions) {
    checkOptions("TransferToAgentTool", options, { agentNames: "array" });
    const { agentNames } = options;
    if (!agentNames?.length || agentNames.some((name) => typeof name !== "string"))
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

  /** Takes `agentName` for `agent_name`: that is how @google/adk declares it, in programs and in what they have stored. */
  override async runAsync({ args, toolContext }: RunAsyncToolRequest): Promise<unknown> {
    const { agentName, ...rest } = args;
    return await super.runAsync({
      args: agentName === undefined ? args : { agent_name: agentName, ...rest },
      toolContext,
    });
  }
}
