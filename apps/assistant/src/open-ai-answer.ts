import { AdkError, type FinishReason, type LlmResponse, type Part } from "@adk/core";

interface ToolCall {
  readonly index?: number | undefined;
  readonly id?: string | null | undefined;
  readonly function?: { readonly name?: string | null; readonly arguments?: string | object };
}

interface Message {
  readonly content?: string | null;
  readonly tool_calls?: readonly ToolCall[] | null;
}

/** A whole answer, or a chunk of a stream, as servers word it. */
export interface Chunk {
  readonly choices?: readonly {
    readonly message?: Message;
    readonly delta?: Message;
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: {
    readonly prompt_tokens?: number;
    readonly completion_tokens?: number;
    readonly total_tokens?: number;
  } | null;
  readonly model?: string;
  readonly error?: unknown;
}

/** An answer that came in one piece. */
export function toResponse(chunk: Chunk): LlmResponse {
  const answer = new AnswerBuilder();
  answer.add(chunk);
  return answer.finish();
}

/** Puts the chunks of a stream together. */
export class AnswerBuilder {
  #text = "";
  readonly #calls: { index: number | undefined; id: string; name: string; args: string }[] = [];
  #finish: string | undefined;
  #usage: Chunk["usage"];
  #model: string | undefined;

  /** @returns the new text, if there is some, as a partial response. */
  add(chunk: Chunk): LlmResponse | undefined {
    if (chunk.error) throw failed("reported an error", chunk.error);
    const [choice] = chunk.choices ?? [];
    const { content, tool_calls: calls } = choice?.delta ?? choice?.message ?? {};
    for (const call of calls ?? []) this.#addCall(call);
    this.#finish = choice?.finish_reason ?? this.#finish;
    this.#usage = chunk.usage ?? this.#usage;
    this.#model = chunk.model ?? this.#model;
    if (!content) return undefined;
    this.#text += content;
    return { content: { role: "model", parts: [{ text: content }] }, partial: true };
  }

  /** The whole answer. @throws {@link AdkError} `MODEL_FAILED` when it is not whole. */
  finish(): LlmResponse {
    if (this.#finish === undefined) throw failed("broke off before its answer was complete");
    const parts: Part[] = this.#text === "" ? [] : [{ text: this.#text }];
    for (const { id, name, args } of this.#calls)
      parts.push({ functionCall: { ...(id !== "" && { id }), name, args: parseArguments(args) } });
    const usage = this.#usage;
    return {
      ...(parts.length > 0 && { content: { role: "model", parts } }),
      ...(usage && {
        usageMetadata: {
          promptTokenCount: usage.prompt_tokens ?? 0,
          candidatesTokenCount: usage.completion_tokens ?? 0,
          totalTokenCount: usage.total_tokens ?? 0,
        },
      }),
      ...(this.#model !== undefined && { modelVersion: this.#model }),
      ...endOf(this.#finish),
    };
  }

  /** Pieces of one call share its index; servers that send whole calls may leave it out, or give all the same. */
  #addCall({ index, id, function: fn }: ToolCall): void {
    const args =
      typeof fn?.arguments === "object" ? JSON.stringify(fn.arguments) : (fn?.arguments ?? "");
    const last = this.#calls.findLast((call) => index === undefined || call.index === index);
    const isNew = last === undefined || Boolean(fn?.name && (id ? id !== last.id : last.args));
    if (isNew) this.#calls.push({ index, id: id ?? "", name: fn?.name ?? "", args });
    else {
      last.args += args;
    }
  }
}

function parseArguments(text: string): Record<string, unknown> {
  if (text.trim() === "") return {};
  const args: unknown = JSON.parse(text);
  if (typeof args === "object" && args !== null && !Array.isArray(args))
    return args as Record<string, unknown>;
  throw failed("called a tool with arguments that are no object");
}

function endOf(reason: string): LlmResponse {
  if (reason === "length")
    return {
      finishReason: "MAX_TOKENS" as FinishReason,
      errorCode: "MAX_TOKENS",
      errorMessage: "The model stopped: its answer reached the greatest length.",
    };
  if (reason === "content_filter")
    return {
      finishReason: "SAFETY" as FinishReason,
      errorCode: "SAFETY",
      errorMessage: "The server's content filter stopped the answer.",
    };
  return { finishReason: "STOP" as FinishReason };
}

function failed(what: string, cause?: unknown): AdkError {
  return new AdkError("MODEL_FAILED", `The model's server ${what}. Call again.`, {
    cause,
    retryable: true,
  });
}
