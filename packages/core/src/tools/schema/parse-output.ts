import { AdkError } from "../../errors.ts";
import { describeIssues } from "../../internal/standard-schema.ts";
import type { ReadSchema } from "./read-schema.ts";

/**
 * The answer of an agent as its `outputSchema` describes it.
 *
 * @throws AdkError `MODEL_FAILED` when the text does not fit; `UNSUPPORTED` for a schema that validates asynchronously.
 */
export function parseOutput(agentName: string, format: ReadSchema, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw misfit(agentName, "it is not JSON", error);
  }
  const result = format.validate(value);
  if (result instanceof Promise)
    throw new AdkError(
      "UNSUPPORTED",
      `The \`outputSchema\` of agent ${agentName} validates asynchronously; use a synchronous one.`,
    );
  if (result.issues) throw misfit(agentName, describeIssues(result.issues));
  return result.value;
}

function misfit(agentName: string, why: string, cause?: unknown): AdkError {
  return new AdkError(
    "MODEL_FAILED",
    `The answer of agent ${agentName} does not fit its \`outputSchema\`: ${why}.`,
    { retryable: true, details: { agent: agentName }, ...(cause === undefined ? {} : { cause }) },
  );
}
