import { type BaseAgent, isBaseAgent } from "../agents/base-agent.ts";
import type { Logger } from "../context/logger.ts";
import type { Event } from "../events/event.ts";
import { isRoutableLlmAgent, transferTargets } from "../flows/transfer-targets.ts";
import { isLlmAgent } from "../agents/llm-agent.ts";
import { liveBackwards } from "../log/live-backwards.ts";

/**
 * The agent that takes the next turn: the one that spoke last, if the conversation can get back from it to the root by
 * itself; the one it was handed over to, if that one has not spoken yet; else the root.
 *
 * @param older what was kept of the time before `events`.
 */
export function selectAgent(
  root: BaseAgent,
  events: readonly Event[],
  logger: Logger,
  older: readonly Event[] = [],
): BaseAgent {
  const picked = pickAgent(root, events, logger) ?? pickAgent(root, older, logger);
  return picked?.agent ?? root;
}

/** The same with the event that decides; `undefined` when none does, so that the root takes the turn. */
export function pickAgent(
  root: BaseAgent,
  events: readonly Event[],
  logger: Logger,
): { readonly agent: BaseAgent; readonly event: Event } | undefined {
  for (const event of liveBackwards(events)) {
    if (!speaks(event)) continue;
    if (event.author === root.name && event.actions.transferToAgent === undefined)
      return { agent: root, event };
    const author = root.findAgent(event.author);
    if (!isBaseAgent(author)) {
      logger.debug(
        `Event ${event.id} is by ${event.author}, which is no agent below ${root.name}.`,
      );
      continue;
    }
    const target = transferTarget(author, event);
    if (target && isRoutableLlmAgent(target)) return { agent: target, event };
    if (author === root || isRoutableLlmAgent(author)) return { agent: author, event };
  }
  return undefined;
}

function transferTarget(author: BaseAgent, event: Event): BaseAgent | undefined {
  const name = event.actions.transferToAgent;
  if (name === undefined || !isLlmAgent(author)) return undefined;
  return transferTargets(author).find((target) => target.name === name);
}

/** Not the user's, no change of agent state, no record, no error without words. */
function speaks({ author, actions, content, errorCode, toolRecord }: Event): boolean {
  if (author === "user" || toolRecord !== undefined) return false;
  if (actions.agentState !== undefined || actions.endOfAgent) return false;
  return errorCode === undefined || (content !== undefined && errorCode !== "INVOCATION_ABORTED");
}
