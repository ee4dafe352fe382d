import {
  BaseLlm,
  type FinishReason,
  type LlmRequest,
  type LlmResponse,
  type Part,
} from "@adk/core";
import { decide, type Decision } from "./rules/decide.ts";

/**
 * A model that is none: a list of rules that recognizes some sentences, so that the app works without a key or a server.
 *
 * It goes the way of every model: it reads the request, calls tools, and words its answers from what the tools responded. It
 * computes, remembers and knows nothing itself.
 */
export class RuleBasedLlm extends BaseLlm {
  static override readonly supportedModels: (string | RegExp)[] = ["rules"];

  readonly #decide: (llmRequest: LlmRequest) => Decision;

  constructor(options: { model?: string; decide?: (llmRequest: LlmRequest) => Decision } = {}) {
    super({ model: options.model ?? "rules" });
    this.#decide = options.decide ?? decide;
  }

  override async *generateContentAsync(
    llmRequest: LlmRequest,
    stream: boolean = false,
    abortSignal?: AbortSignal,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    abortSignal?.throwIfAborted();
    const decision = this.#decide(llmRequest);
    if (stream && "text" in decision)
      for (const word of decision.text.split(/(?<=\s)/)) {
        yield { content: { role: "model", parts: [{ text: word }] }, partial: true };
        abortSignal?.throwIfAborted();
      }
    yield {
      content: { role: "model", parts: toParts(decision) },
      finishReason: "STOP" as FinishReason,
      // There are no tokens where there is no language model.
      usageMetadata: { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 },
    };
  }
}

function toParts(decision: Decision): Part[] {
  if ("text" in decision) return [{ text: decision.text }];
  return decision.calls.map(({ name, args }) => ({ functionCall: { name, args: { ...args } } }));
}
