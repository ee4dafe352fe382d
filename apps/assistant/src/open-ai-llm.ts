import { AdkError, BaseLlm, type LlmRequest, type LlmResponse } from "@adk/core";
import { AnswerBuilder, type Chunk, toResponse } from "./open-ai-answer.ts";
import { toMessages, toTools } from "./open-ai-messages.ts";
import { readServerSentEvents } from "./server-sent-events.ts";

/**
 * A model behind any server that speaks OpenAI's chat completions: Ollama, llama.cpp, vLLM, LM Studio, hosted ones.
 *
 * Its name is the server's base URL and, behind `#`, the model: `http://localhost:11434/v1#llama3.2`. When the variable
 * `OPENAI_API_KEY` is set, it is sent along.
 */
export class OpenAiLlm extends BaseLlm {
  static override readonly supportedModels: (string | RegExp)[] = [/https?:\/\/[^#]+#.+/];

  readonly #url: string;
  /** The URL as it may be shown: a query may hold a key. */
  readonly #place: string;
  readonly #name: string;
  readonly #apiKey: string | undefined;

  /** @throws {@link AdkError} `INVALID_ARGUMENT` for a name that is no URL with a model behind `#`. */
  constructor({ model, apiKey }: { model: string; apiKey?: string | undefined }) {
    super({ model });
    const url = URL.canParse(model) ? new URL(model) : undefined;
    if (!url?.protocol.startsWith("http") || url.hash.length < 2 || url.username || url.password)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "The model of a server is its base URL without a password, # and the model's name: http://localhost:11434/v1#llama3.2.",
      );
    this.#name = decodeURIComponent(url.hash.slice(1));
    this.#place = `${url.origin}${url.pathname.replace(/\/+$/, "")}`;
    this.#url = `${this.#place}/chat/completions${url.search}`;
    this.#apiKey = apiKey ?? (globalThis.process?.env["OPENAI_API_KEY"] || undefined);
  }

  override async *generateContentAsync(
    llmRequest: LlmRequest,
    stream: boolean = false,
    abortSignal?: AbortSignal,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    abortSignal?.throwIfAborted();
    // A signal of our own: it also closes the connection when the caller leaves in the middle of a stream.
    const controller = new AbortController();
    const onAbort = (): void => controller.abort(abortSignal?.reason);
    abortSignal?.addEventListener("abort", onAbort, { once: true });
    try {
      const response = await this.#post(llmRequest, stream, controller.signal);
      if (stream) yield* this.#readStream(response);
      else yield toResponse((await response.json()) as Chunk);
    } catch (error) {
      throw this.#failure(error, abortSignal);
    } finally {
      abortSignal?.removeEventListener("abort", onAbort);
      controller.abort();
    }
  }

  async #post(llmRequest: LlmRequest, stream: boolean, signal: AbortSignal): Promise<Response> {
    const { temperature, topP, maxOutputTokens, stopSequences } = llmRequest.config ?? {};
    const tools = toTools(llmRequest);
    const response = await fetch(this.#url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(this.#apiKey && { authorization: `Bearer ${this.#apiKey}` }),
      },
      // What is undefined is left out.
      body: JSON.stringify({
        model: this.#name,
        messages: toMessages(llmRequest),
        tools: tools.length > 0 ? tools : undefined,
        temperature,
        top_p: topP,
        max_tokens: maxOutputTokens,
        stop: stopSequences,
        ...(stream && { stream, stream_options: { include_usage: true } }),
      }),
      signal,
    });
    if (!response.ok) throw await this.#refusal(response);
    return response;
  }

  async *#readStream(response: Response): AsyncGenerator<LlmResponse, void, undefined> {
    const answer = new AnswerBuilder();
    for await (const data of readServerSentEvents(response)) {
      if (data === "[DONE]") break;
      const partial = answer.add(JSON.parse(data) as Chunk);
      if (partial) yield partial;
    }
    yield answer.finish();
  }

  async #refusal(response: Response): Promise<AdkError> {
    const { status } = response;
    const words = await response.text();
    const next =
      status === 401 || status === 403
        ? "Check OPENAI_API_KEY."
        : status === 404
          ? "Check the URL and the model's name, and that the server has this model."
          : "The cause has the server's own words.";
    return this.#error(`answered ${status}. ${next}`, {
      cause: new Error(words.slice(0, 500)),
      retryable: status === 408 || status === 429 || status >= 500,
      status,
    });
  }

  /** What `fetch`, the parser or we ourselves threw, as the engine wants it. */
  #failure(error: unknown, abortSignal: AbortSignal | undefined): unknown {
    if (abortSignal?.aborted)
      return new AdkError("ABORTED", `The call of ${this.#name} was cancelled.`, {
        cause: abortSignal.reason,
      });
    if (AdkError.isInstance(error)) return error;
    const what =
      error instanceof SyntaxError
        ? "sent what is no JSON, or broke off. Call again; if it stays so, check that the URL ends with /v1."
        : `could not be reached at ${this.#place}, or broke off. Check that a server runs there, and call again.`;
    return this.#error(what, { cause: error, retryable: true });
  }

  #error(
    what: string,
    { cause, retryable, status }: { cause: unknown; retryable: boolean; status?: number },
  ): AdkError {
    const details = { model: this.#name, ...(status !== undefined && { status }) };
    return new AdkError("MODEL_FAILED", `Model ${this.#name} ${what}`, {
      cause,
      retryable,
      details,
    });
  }
}
