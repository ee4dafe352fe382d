import type { FunctionCall, GenerateContentResponse, Part } from "../../content/content.ts";
import { AdkError } from "../../errors.ts";
import { cloneJson, setOwn } from "../../internal/json.ts";
import type { LlmResponse } from "../llm-response.ts";
import { applyPartialArg } from "./partial-args.ts";
import { defined, toResponse } from "./to-response.ts";

/** A call whose arguments come in pieces. */
interface OpenCall {
  readonly call: FunctionCall;
  readonly args: Record<string, unknown>;
  thoughtSignature?: string | undefined;
}

/**
 * Turns the chunks of one stream into partial responses and, at the end, one whole.
 *
 * The whole has all parts in their order. Texts that follow each other become one part as long as they are of one kind
 * (thought or not); a text that is signed stays alone, since its signature vouches for that part. A call whose arguments
 * come in pieces appears once, complete.
 */
export class StreamAggregator {
  readonly #parts: Part[] = [];
  #openCall: OpenCall | undefined;
  /** What is known of the whole besides its parts; later chunks win. */
  #whole: LlmResponse = {};
  #ended = false;

  /** @returns the chunk as a partial response, when it has something to show. */
  add(chunk: GenerateContentResponse): LlmResponse | undefined {
    const { content, ...rest } = toResponse(chunk);
    this.#whole = { ...this.#whole, ...rest };
    if (rest.finishReason !== undefined || rest.errorCode !== undefined || chunk.promptFeedback)
      this.#ended = true;
    const parts = (content?.parts ?? []).filter((part) => !isEmpty(part));
    for (const part of parts) this.#addPart(part);
    if (!content || parts.length === 0) return undefined;
    const { errorCode: _, errorMessage: __, ...shown } = rest;
    return { ...shown, content: { ...content, parts: cloneJson(parts) }, partial: true };
  }

  /**
   * @returns the whole; without content when there was none.
   * @throws {@link AdkError} `MODEL_FAILED` when the stream ended before the answer did.
   */
  finish(): LlmResponse {
    if (!this.#ended)
      throw new AdkError(
        "MODEL_FAILED",
        "Gemini's answer broke off: the stream ended without a finish reason. Call again.",
        { retryable: true },
      );
    this.#closeCall();
    const content = this.#parts.length > 0 ? { role: "model", parts: this.#parts } : undefined;
    return defined({ content, ...this.#whole });
  }

  #addPart(part: Part): void {
    const { functionCall } = part;
    if (functionCall && (this.#openCall || functionCall.partialArgs || functionCall.willContinue))
      return this.#addCall(functionCall, part.thoughtSignature);
    this.#closeCall();
    if (functionCall && !functionCall.name) return;
    const last = this.#parts.at(-1);
    if (
      isPlainText(part) &&
      last &&
      isPlainText(last) &&
      Boolean(last.thought) === Boolean(part.thought)
    )
      last.text = (last.text ?? "") + (part.text ?? "");
    else this.#parts.push(cloneJson(part));
  }

  #addCall(functionCall: FunctionCall, thoughtSignature: string | undefined): void {
    const { partialArgs = [], willContinue = false, args, ...call } = functionCall;
    // A name begins a call; the pieces that follow have none.
    if (call.name && this.#openCall) {
      this.#closeCall();
      return this.#addPart({ functionCall, ...(thoughtSignature && { thoughtSignature }) });
    }
    if (call.name) this.#openCall = { call, args: {} };
    const open = this.#openCall;
    if (!open) return; // A piece of no call.
    open.thoughtSignature ??= thoughtSignature;
    for (const [name, value] of Object.entries(args ?? {}))
      setOwn(open.args, name, cloneJson(value));
    for (const partial of partialArgs) applyPartialArg(open.args, partial);
    if (!willContinue) this.#closeCall();
  }

  #closeCall(): void {
    if (!this.#openCall) return;
    const { call, args, thoughtSignature } = this.#openCall;
    this.#openCall = undefined;
    this.#parts.push({
      functionCall: { ...call, args },
      ...(thoughtSignature && { thoughtSignature }),
    });
  }
}

function isPlainText(part: Part): boolean {
  return (
    part.text !== undefined &&
    Object.entries(part).every(
      ([name, value]) => name === "text" || name === "thought" || value === undefined,
    )
  );
}

/** Neither text nor anything else. An empty text with a signature is not empty. */
function isEmpty(part: Part): boolean {
  return Object.entries(part).every(
    ([name, value]) =>
      name === "thought" || value === undefined || (name === "text" && value === ""),
  );
}
