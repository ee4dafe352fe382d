import type { LlmAgent } from "../agents/llm-agent.ts";
import type { Context } from "../context/context.ts";
import type { Event } from "../events/event.ts";
import { isFinalResponse, stringifyContent } from "../events/predicates.ts";
import { parseOutput } from "../tools/schema/parse-output.ts";

/**
 * Puts the agent's final text under its `outputKey`, on the very event that says it; parsed and checked when the agent has an
 * `outputSchema`.
 *
 * @throws AdkError `MODEL_FAILED` when the text does not fit the schema.
 */
export function saveOutput(agent: LlmAgent, event: Event, context: Context): void {
  if (agent.outputKey === undefined || event.errorCode !== undefined) return;
  if (!isFinalResponse(event) || !event.content?.parts?.some(isSpoken)) return;
  const text = stringifyContent(event);
  if (agent.outputFormat === undefined) context.state.set(agent.outputKey, text);
  else if (text.trim() !== "")
    context.state.set(agent.outputKey, parseOutput(agent.name, agent.outputFormat, text));
}

function isSpoken(part: { text?: string; thought?: boolean }): boolean {
  return part.text !== undefined && !part.thought;
}
