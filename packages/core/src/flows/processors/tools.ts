import { Context } from "../../context/context.ts";
import { ReadonlyContext } from "../../context/readonly-context.ts";
import { agentOf } from "../agent-of.ts";
import type { RequestProcessor } from "./request-processor.ts";

/** Lets every tool and toolset of the agent add itself to the request. */
export const tools: RequestProcessor = async (context, request) => {
  const agent = agentOf(context);
  if (agent.tools.length === 0) return;
  const toolContext = new Context({ invocationContext: context });
  for (const toolset of agent.toolsets) await toolset.processLlmRequest(toolContext, request);
  for (const tool of await agent.canonicalTools(new ReadonlyContext(context)))
    await tool.processLlmRequest({ toolContext, llmRequest: request });
};
