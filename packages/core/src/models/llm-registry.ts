import { AdkError } from "../errors.ts";
import type { BaseLlm } from "./base-llm.ts";
import { Gemini } from "./gemini/gemini.ts";

/** A model's class: `new` with a name, and the names it answers to. */
export type BaseLlmType = (new (params: { model: string }) => BaseLlm) & {
  readonly supportedModels: readonly (string | RegExp)[];
};

interface Entry {
  readonly pattern: RegExp;
  readonly llmClass: BaseLlmType;
}

interface Resolution {
  readonly llmClass: BaseLlmType;
  /** The name without the prefix that chose the class. */
  readonly model: string;
}

const CACHE_SIZE = 32;

/** Pattern → entry; later entries win. */
const entries = new Map<string, Entry>();
const cache = new Map<string, Resolution>();

/**
 * Finds the class for a model's name.
 *
 * `prefix:model` with the name of a registered class as prefix (any case, with or without its ending `Llm`) chooses that
 * class for `model`. Any other name goes to the class one of whose `supportedModels` matches the whole name; of several,
 * to the one that was registered last. `Gemini` is registered from the start.
 */
export class LLMRegistry {
  /** Registers a class for its `supportedModels`. A pattern that is registered already moves to this class. */
  static register(llmClass: BaseLlmType): void {
    const patterns: unknown = (llmClass as Partial<BaseLlmType> | undefined)?.supportedModels;
    if (typeof llmClass !== "function" || !Array.isArray(patterns) || patterns.length === 0)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "LLMRegistry.register() needs a class that extends BaseLlm and has a static `supportedModels` with at least one name or pattern.",
      );
    for (const { key, pattern } of patterns.map(compile)) {
      entries.delete(key);
      entries.set(key, { pattern, llmClass });
    }
    cache.clear();
  }

  /** @throws {@link AdkError} `MODEL_NOT_FOUND` when no registered class answers to the name. */
  static resolve(model: string): BaseLlmType {
    return find(model).llmClass;
  }

  /**
   * A new model of that name.
   *
   * @throws {@link AdkError} `MODEL_NOT_FOUND` when no registered class answers to the name.
   */
  static newLlm(model: string): BaseLlm {
    const { llmClass, model: name } = find(model);
    return new llmClass({ model: name });
  }
}

function compile(supported: unknown): { key: string; pattern: RegExp } {
  const isPattern = supported instanceof RegExp;
  if (!isPattern && (typeof supported !== "string" || supported === ""))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `\`supportedModels\` must hold texts and regular expressions, got ${String(supported)}.`,
    );
  const source = isPattern ? supported.source : supported;
  // "g" and "y" would make the pattern remember where it stopped.
  const flags = isPattern ? supported.flags.replace(/[gy]/g, "") : "";
  try {
    return { key: `/${source}/${flags}`, pattern: new RegExp(`^(?:${source})$`, flags) };
  } catch (cause) {
    throw new AdkError(
      "INVALID_ARGUMENT",
      `\`supportedModels\` holds ${JSON.stringify(source)}, which is no regular expression. Escape its special characters.`,
      { cause },
    );
  }
}

function find(model: string): Resolution {
  const known = cache.get(model);
  if (known) return known;
  const found = byPrefix(model) ?? byPattern(model);
  if (!found) throw notFound(model);
  const [oldest] = cache.keys();
  if (cache.size >= CACHE_SIZE && oldest !== undefined) cache.delete(oldest);
  cache.set(model, found);
  return found;
}

function byPrefix(model: string): Resolution | undefined {
  const [prefix, ...rest] = String(model).split(":");
  if (!prefix || rest.join("") === "") return undefined;
  const wanted = prefix.toLowerCase();
  const entry = [...entries.values()].findLast(({ llmClass }) => {
    const name = llmClass.name.toLowerCase();
    return name === wanted || name === `${wanted}llm`;
  });
  return entry && { llmClass: entry.llmClass, model: rest.join(":") };
}

function byPattern(model: string): Resolution | undefined {
  const entry = [...entries.values()].findLast(({ pattern }) => pattern.test(model));
  return entry && { llmClass: entry.llmClass, model };
}

function notFound(model: string): AdkError {
  const names = [...new Set([...entries.values()].map(({ llmClass }) => llmClass.name))];
  return new AdkError(
    "MODEL_NOT_FOUND",
    `No class is registered for the model ${JSON.stringify(model)} (registered: ${names.join(", ")}). Correct the name, give the agent an instance of a BaseLlm as \`model\`, or register its class with LLMRegistry.register().`,
    { details: { model } },
  );
}

LLMRegistry.register(Gemini);
