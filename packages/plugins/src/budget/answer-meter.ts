import { AdkError, type LlmResponse } from "@adk/core";
import { estimateAnswerTokens } from "./estimate-tokens.ts";
import { type CallTokens, tokensOf } from "./prices.ts";

/** A token is taken to have no more than twice the bytes of the estimate before an answer is cut for its length alone. */
const SLACK = 2;

/** Measures an answer while it comes. */
export class AnswerMeter {
  readonly #maxOutputTokens: number;
  readonly #model: string;
  readonly #owner: string;
  #estimated = 0;
  #usage: CallTokens | undefined;

  /** @param owner the plugin, for errors. */
  constructor(maxOutputTokens: number | undefined, model: string, owner: string) {
    this.#maxOutputTokens = maxOutputTokens ?? Infinity;
    this.#model = model;
    this.#owner = owner;
  }

  /** What the whole answer has used, once it is there and says so. */
  get usage(): CallTokens | undefined {
    return this.#usage;
  }

  /** Output tokens of the pieces so far, as far as it can be known. */
  get outputTokens(): number {
    return Math.ceil(this.#estimated);
  }

  /**
   * Takes the next response. A whole answer is paid for, however long it is.
   *
   * @throws AdkError `BUDGET_EXCEEDED` when the pieces are more than the model was told.
   */
  take({ partial, content, usageMetadata }: LlmResponse): void {
    const told = tokensOf(usageMetadata);
    if (!partial) {
      this.#usage = told ?? this.#usage;
      return;
    }
    this.#estimated += estimateAnswerTokens(content?.parts ?? []);
    const isPast =
      told && told.output > 0
        ? told.output > this.#maxOutputTokens
        : this.#estimated > this.#maxOutputTokens * SLACK;
    if (told) this.#estimated = Math.max(this.#estimated, told.output);
    if (isPast) throw this.#cut();
  }

  #cut(): AdkError {
    const [maxOutputTokens, outputTokens] = [this.#maxOutputTokens, this.outputTokens];
    return new AdkError(
      "BUDGET_EXCEEDED",
      `${this.#owner}: model ${this.#model} was told to answer in ${maxOutputTokens} tokens and went on past them (about ${outputTokens}); its call was cut. Raise the budget or \`maxAnswerTokens\`, or use a model that keeps to \`maxOutputTokens\`.`,
      { details: { model: this.#model, maxOutputTokens, outputTokens } },
    );
  }
}
