import { having, integer, oneOf, type OptionCheck } from "../internal/check-options.ts";
import { idProblem } from "../internal/id-problem.ts";
import { isBaseLlm } from "../models/base-llm.ts";
import { BASE_AGENT_OPTIONS, isAny } from "./base-agent.ts";

const OWN_OPTIONS: Readonly<Record<string, string>> = {
  tools: "tools",
  systemInstruction: "instruction",
  responseSchema: "outputSchema",
  responseJsonSchema: "outputSchema",
};

function instruction(value: unknown): string | undefined {
  return typeof value === "string" || typeof value === "function"
    ? undefined
    : "a text, or a function that makes one";
}

const processors: OptionCheck = (value) =>
  Array.isArray(value) &&
  value.every((one) => typeof (one as { runAsync?: unknown } | null)?.runAsync === "function")
    ? undefined
    : "a list of processors (objects with runAsync)";

function isContent(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    Array.isArray((value as { parts?: unknown }).parts)
  );
}

/** A row for every option of `LlmAgent`. */
export const LLM_AGENT_OPTIONS: Readonly<Record<string, OptionCheck>> = {
  ...BASE_AGENT_OPTIONS,
  model: (value) =>
    typeof value === "string" || isBaseLlm(value)
      ? undefined
      : "a model (BaseLlm) or the name of one",
  instruction,
  globalInstruction: instruction,
  staticInstruction: (value) =>
    typeof value === "string" || isContent(value) ? undefined : "a text or a Content with parts",
  tools: "array",
  generateContentConfig: (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "an object";
    const taken = Object.keys(OWN_OPTIONS).find(
      (name) => (value as Record<string, unknown>)[name] !== undefined,
    );
    return taken && `without \`${taken}\` (use the agent's \`${OWN_OPTIONS[taken]}\`)`;
  },
  disallowTransferToParent: "boolean",
  disallowTransferToPeers: "boolean",
  includeContents: oneOf("default", "none"),
  inputSchema: isAny,
  outputSchema: isAny,
  outputKey: (value) =>
    idProblem(value) && "a state key: 1–512 bytes of well-formed text without NUL",
  planner: having("a planner (BasePlanner)", "buildPlanningInstruction", "processPlanningResponse"),
  modelTimeoutMs: integer(1),
  beforeModelCallback: isAny,
  afterModelCallback: isAny,
  onModelErrorCallback: isAny,
  beforeToolCallback: isAny,
  afterToolCallback: isAny,
  onToolErrorCallback: isAny,
  requestProcessors: processors,
  responseProcessors: processors,
};
