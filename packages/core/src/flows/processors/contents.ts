import { agentOf } from "../agent-of.ts";
import { buildContents, buildTurnContents } from "../contents/build.ts";
import type { RequestProcessor } from "./request-processor.ts";

/** The conversation as this agent sees it. */
export const contents: RequestProcessor = (context, request) => {
  const agent = agentOf(context);
  const reader = {
    agentName: agent.name,
    branch: context.branch,
    includeThoughts: context.runConfig.includeThoughtsFromOtherAgents ?? false,
    now: context.invocation.clock.now(),
  };
  request.contents =
    agent.includeContents === "none"
      ? buildTurnContents(context, reader)
      : buildContents(context, reader);
};
