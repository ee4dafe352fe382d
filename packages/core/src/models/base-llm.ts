import { AdkError } from "../errors.ts";
import type { LlmRequest } from "./llm-request.ts";
import type { LlmResponse } from "./llm-response.ts";

const BRAND: unique symbol = Symbol.for("google.adk.baseModel") as never;

/** Whether `value` is a model, of this or of another copy of the package. */
export function isBaseLlm(value: unknown): value is BaseLlm {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** A model. Extend it and implement `generateContentAsync`; CONTRIBUTING shows one of about 100 lines. */
export abstract class BaseLlm {
  /** Names this class answers to, for `LLMRegistry`; each must match the whole name. */
  static readonly supportedModels: (string | RegExp)[] = [];

  readonly model: string;

  constructor({ model }: { model: string }) {
    if (typeof model !== "string" || model === "")
      throw new AdkError(
        "INVALID_ARGUMENT",
        "A model needs its name as `model`: super({ model: 'my-model' }).",
      );
    this.model = model;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Answers a request.
   *
   * With `stream`, pieces come as responses with `partial: true`, and at the end one whole response that contains all
   * of them again. Without, exactly one response. An answer that the provider blocked is a response with `errorCode`; a
   * failure is thrown.
   *
   * @param abortSignal cancels the call: the generator must end, with or without an error, and close its connection.
   */
  abstract generateContentAsync(
    llmRequest: LlmRequest,
    stream?: boolean,
    abortSignal?: AbortSignal,
  ): AsyncGenerator<LlmResponse, void, undefined>;
}
