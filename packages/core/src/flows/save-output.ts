import type { LlmAgent } from "../agents/llm-agent.ts";
import type { Context } from "../context/context.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { isFinalResponse, stringifyContent } from "../events/predicates.ts";
import { describeIssues } from "../internal/standard-schema.ts";

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
  else if (text.trim() !== "") context.state.set(agent.outputKey, parseOutput(agent, text));
}

/** The text as the agent's `outputSchema` describes it. @throws AdkError `MODEL_FAILED` */
export function parseOutput(agent: LlmAgent, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw misfit(agent, "it is not JSON", error);
  }
  const result = agent.outputFormat?.validate(value);
  if (result instanceof Promise)
    throw new AdkError(
      "UNSUPPORTED",
      `The \`outputSchema\` of agent ${agent.name} validates asynchronously; use a synchronous one.`,
    );
  if (result?.issues) throw misfit(agent, describeIssues(result.issues));
  return result ? result.value : value;
}

function misfit(agent: LlmAgent, why: string, cause?: unknown): AdkError {
  return new AdkError(
    "MODEL_FAILED",
    `The answer of agent ${agent.name} does not fit its \`outputSchema\`: ${why}.`,
    { retryable: true, details: { agent: agent.name }, ...(cause === undefined ? {} : { cause }) },
  );
}

function isSpoken(part: { text?: string; thought?: boolean }): boolean {
  return part.text !== undefined && !part.thought;
}
