import type { BaseAgent } from "../agents/base-agent.ts";
import { isLlmAgent } from "../agents/llm-agent.ts";
import type { Logger } from "../context/logger.ts";
import { AdkError } from "../errors.ts";
import { type Clock, withTimeout } from "../internal/clock.ts";
import { isAgentTool } from "../tools/agent-tool.ts";
import type { BaseToolset } from "../tools/base-toolset.ts";

/** Closes the toolsets of all agents of a tree, agent tools included, each once and each within `timeoutMs`; failures are logged. */
export async function closeToolsets(
  root: BaseAgent,
  { clock, logger, timeoutMs }: { clock: Clock; logger: Logger; timeoutMs: number },
): Promise<void> {
  for (const toolset of toolsetsOf(root, new Set()))
    try {
      await withTimeout(
        clock,
        timeoutMs,
        Promise.resolve(toolset.close()),
        () => new AdkError("TIMEOUT", `not closed within ${timeoutMs} ms`),
      );
    } catch (error) {
      logger.error("A toolset could not be closed.", { error });
    }
}

function toolsetsOf(agent: BaseAgent, seen: Set<BaseAgent>): Set<BaseToolset> {
  const toolsets = new Set<BaseToolset>();
  if (seen.has(agent)) return toolsets;
  seen.add(agent);
  const below = [...agent.subAgents];
  if (isLlmAgent(agent)) {
    for (const toolset of agent.toolsets) toolsets.add(toolset);
    for (const tool of agent.tools) if (isAgentTool(tool)) below.push(tool.agent);
  }
  for (const child of below) for (const toolset of toolsetsOf(child, seen)) toolsets.add(toolset);
  return toolsets;
}
