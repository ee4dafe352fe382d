import { appendInstructions, appendTools } from "../../models/append-to-request.ts";
import {
  SET_MODEL_RESPONSE_TOOL_NAME,
  SetModelResponseTool,
} from "../../tools/set-model-response-tool.ts";
import type { LlmAgent } from "../../agents/llm-agent.ts";
import { agentOf } from "../agent-of.ts";
import type { RequestProcessor } from "./request-processor.ts";

const tools: WeakMap<LlmAgent, SetModelResponseTool> = new WeakMap();

/** Structured output beside tools: the answer comes as a call of a tool of its own. */
export const outputSchema: RequestProcessor = (context, request) => {
  const agent = agentOf(context);
  if (agent.outputFormat === undefined || agent.tools.length === 0) return;
  let tool = tools.get(agent);
  if (tool === undefined) {
    tool = new SetModelResponseTool(agent.outputFormat);
    tools.set(agent, tool);
  }
  appendInstructions(request, [
    `Your final answer must be given with the tool \`${SET_MODEL_RESPONSE_TOOL_NAME}\`, in the form that it asks for. Use the other tools first, as far as you need them; then call it, and write no answer as text.`,
  ]);
  appendTools(request, [tool]);
};
