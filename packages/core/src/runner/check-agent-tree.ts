import type { BaseAgent } from "../agents/base-agent.ts";
import { AdkError } from "../errors.ts";

/**
 * Agents find each other by name, so names are unique in a tree.
 *
 * @throws AdkError `INVALID_ARGUMENT` for two agents of one name, or a cycle.
 */
export function checkAgentTree(root: BaseAgent): void {
  const seen: Map<string, BaseAgent> = new Map();
  const visit = (agent: BaseAgent, above: readonly BaseAgent[]): void => {
    if (above.includes(agent))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Agent ${agent.name} is below itself: ${[...above.slice(above.indexOf(agent)), agent].map(({ name }) => name).join(" → ")}. A tree has no cycles: take one of them out of the other's \`subAgents\`, or use \`agent.clone()\`.`,
      );
    if (seen.has(agent.name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Two agents below ${root.name} are named ${agent.name}. Names must be unique in a tree: rename one.`,
      );
    seen.set(agent.name, agent);
    for (const child of agent.subAgents) visit(child, [...above, agent]);
  };
  visit(root, []);
}
