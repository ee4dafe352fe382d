import { AdkError, type GenerateContentResponseUsageMetadata } from "@adk/core";
import type { ModelPrice } from "./budget-options.ts";

const MILLION = 1_000_000;

/** Tokens of one call. */
export interface CallTokens {
  readonly input: number;
  /** Of `input`: what the provider had in its cache. */
  readonly cachedInput: number;
  readonly output: number;
}

/** What a provider says that a call has used; `undefined` when it says nothing of tokens. */
export function tokensOf(
  usage: GenerateContentResponseUsageMetadata | undefined,
): CallTokens | undefined {
  if (!usage) return undefined;
  const { promptTokenCount, toolUsePromptTokenCount, candidatesTokenCount } = usage;
  const { thoughtsTokenCount, totalTokenCount, cachedContentTokenCount = 0 } = usage;
  if (promptTokenCount === undefined && candidatesTokenCount === undefined && !totalTokenCount)
    return undefined;
  const input = (promptTokenCount ?? 0) + (toolUsePromptTokenCount ?? 0);
  const told = (candidatesTokenCount ?? 0) + (thoughtsTokenCount ?? 0);
  // What a provider counts in the total alone is paid as output, which is the dearer.
  const output = Math.max(told, (totalTokenCount ?? 0) - input);
  return { input, cachedInput: Math.min(cachedContentTokenCount, input), output };
}

export function costOf({ input, cachedInput, output }: CallTokens, price: ModelPrice): number {
  const { inputPerMillion, outputPerMillion, cachedInputPerMillion = inputPerMillion } = price;
  return (
    ((input - cachedInput) * inputPerMillion +
      cachedInput * cachedInputPerMillion +
      output * outputPerMillion) /
    MILLION
  );
}

/** What models cost, by name. */
export class Prices {
  readonly #prices: ReadonlyMap<string, ModelPrice>;
  readonly #isNeeded: boolean;
  readonly #plugin: string;

  /** @param isNeeded whether money is limited. @param plugin whom errors name. */
  constructor(
    prices: Readonly<Record<string, ModelPrice>>,
    { isNeeded, plugin }: { isNeeded: boolean; plugin: string },
  ) {
    this.#prices = new Map(Object.entries(prices).map(([model, price]) => [model, { ...price }]));
    this.#isNeeded = isNeeded;
    this.#plugin = plugin;
  }

  /**
   * The price of a model; `undefined` where it has none and needs none.
   *
   * @throws AdkError `INVALID_ARGUMENT` when money is limited and the price is unknown.
   */
  of(model: string): ModelPrice | undefined {
    const price = this.#prices.get(model);
    if (price || !this.#isNeeded) return price;
    throw new AdkError(
      "INVALID_ARGUMENT",
      `Plugin ${this.#plugin}: \`prices\` has no price for model ${model}, and \`maxCost\` is set; the model was not called. It knows: ${[...this.#prices.keys()].join(", ")}. Add ${JSON.stringify(model)}.`,
      { details: { plugin: this.#plugin, model } },
    );
  }

  /** Of tokens that no longer say which model they are of: by the dearest price. */
  dearest(tokens: CallTokens): number {
    return Math.max(0, ...[...this.#prices.values()].map((price) => costOf(tokens, price)));
  }

  /** What tokens of a model cost; by the dearest price where the name is not known. */
  cost(model: string | undefined, tokens: CallTokens): number {
    const price = model === undefined ? undefined : this.#prices.get(model);
    return price ? costOf(tokens, price) : this.dearest(tokens);
  }
}
