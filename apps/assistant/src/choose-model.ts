import { AdkError, type BaseLlm, Gemini, geminiInitParams, LlmAgent } from "@adk/core";
import { OpenAiLlm } from "./open-ai-llm.ts";
import { RuleBasedLlm } from "./rule-based-llm.ts";

export interface ChosenModel {
  readonly model: BaseLlm;
  /** What it is, for the person who talks to it. */
  readonly about: string;
}

/**
 * The model that a name means; without one, Gemini when the environment has a key or a Vertex AI project, else the rules.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` for a name that means none; `MISCONFIGURED` when a key is missing.
 */
export function chooseModel(name: string | undefined): ChosenModel {
  if (name === undefined) return hasGemini() ? gemini() : rules();
  if (name === "rules") return rules();
  if (/^https?:/i.test(name)) return { model: new OpenAiLlm({ model: name }), about: name };
  if (name.startsWith("gemini-")) return gemini(name);
  throw new AdkError(
    "INVALID_ARGUMENT",
    `--model ${name} is no model: write gemini-…, http://…/v1#NAME or rules.`,
  );
}

function hasGemini(): boolean {
  try {
    geminiInitParams({});
    return true;
  } catch (error) {
    if (AdkError.isInstance(error, "MISCONFIGURED")) return false;
    throw error;
  }
}

function gemini(name?: string): ChosenModel {
  const fallback = LlmAgent.defaultModel;
  const model = name ?? (typeof fallback === "string" ? fallback : fallback.model);
  return { model: new Gemini({ model, retry: { maxAttempts: 3 } }), about: model };
}

function rules(): ChosenModel {
  return {
    model: new RuleBasedLlm(),
    about:
      "a few built-in rules, NOT a language model: it understands simple sentences only, `help` lists some. For a real one set GEMINI_API_KEY, or give --model http://localhost:11434/v1#NAME",
  };
}
