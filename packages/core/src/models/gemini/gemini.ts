import type * as genai from "@google/genai";
import type { HttpOptions } from "../../content/content.ts";
import { AdkError } from "../../errors.ts";
import { type Clock, delay, systemClock } from "../../internal/clock.ts";
import { untilAborted } from "../../internal/until-aborted.ts";
import { BaseLlm } from "../base-llm.ts";
import type { LlmRequest } from "../llm-request.ts";
import type { LlmResponse } from "../llm-response.ts";
import {
  checkParams,
  type GeminiClient,
  geminiInitParams,
  type GeminiParams,
  type GeminiTarget,
} from "./gemini-params.ts";
import { toModelError } from "./model-error.ts";
import { parseRetryAfter, retryDelay, watchingFetch } from "./retry.ts";
import { StreamAggregator } from "./stream-aggregator.ts";
import { type GeminiRequest, toRequest } from "./to-request.ts";
import { toResponse } from "./to-response.ts";

const BRAND: unique symbol = Symbol.for("google.adk.geminiModel") as never;

/** Whether `value` is a `Gemini`, of this or of another copy of the package. */
export function isGemini(value: unknown): value is Gemini {
  return typeof value === "object" && value !== null && BRAND in value;
}

/**
 * A Gemini model, through the Gemini API or Vertex AI: {@link GeminiParams} says which, and which variables count.
 *
 * The package `@google/genai` is loaded by the first call.
 */
export class Gemini extends BaseLlm {
  static override readonly supportedModels: (string | RegExp)[] = [
    /gemini-.*/,
    /gemma-4.*/,
    /model-optimizer-.*/,
    /projects\/.+\/locations\/.+\/endpoints\/.+/,
    /projects\/.+\/locations\/.+\/publishers\/google\/models\/gemini.+/,
  ];

  /** Whether calls go to Vertex AI. */
  readonly vertexai: boolean;
  readonly #params: GeminiParams;
  readonly #target: GeminiTarget | undefined;
  readonly #clock: Clock;
  #client: Promise<GeminiClient> | undefined;

  /**
   * @throws {@link AdkError} `INVALID_ARGUMENT` or `UNSUPPORTED` for parameters that cannot be meant; `MISCONFIGURED` when
   * there is neither a key nor a project nor a client.
   */
  constructor(params: GeminiParams = {}) {
    checkParams(params);
    super({ model: params.model ?? "gemini-2.5-flash" });
    this.#params = { ...params };
    this.#target = params.client ? undefined : geminiInitParams(params);
    this.vertexai = this.#target?.vertexai ?? params.client?.vertexai ?? false;
    this.#clock = params.clock ?? systemClock;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /**
   * Answers a request.
   *
   * An answer that ended otherwise than it should (`finishReason` not `STOP`) and a blocked request have `errorCode`. A
   * stream that breaks off is a failure, also when its connection was closed in good order.
   *
   * @throws {@link AdkError} `MODEL_FAILED` with `retryable`, `details.status` and, when the service asks for it,
   * `details.retryAfterMs`; `MISCONFIGURED` when `@google/genai` is not installed or refuses its options; `ABORTED` (cause: the reason).
   */
  override async *generateContentAsync(
    llmRequest: LlmRequest,
    stream: boolean = false,
    abortSignal?: AbortSignal,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    const model = llmRequest.model ?? this.model;
    let passedOn = false;
    try {
      const client = await untilAborted(this.#load(), abortSignal);
      for (let attempt = 1; ; attempt++) {
        let retryAfterMs: number | undefined;
        const onFailure = (headers: Headers): void => {
          retryAfterMs = parseRetryAfter(headers.get("retry-after"), this.#clock.now());
        };
        try {
          for await (const response of this.#attempt(client, llmRequest, {
            stream,
            abortSignal,
            onFailure,
          })) {
            passedOn = true;
            yield response;
          }
          return;
        } catch (error) {
          if (abortSignal?.aborted) throw error;
          const failure = toModelError(error, { model, retryAfterMs, secrets: this.#secrets() });
          const waitMs = passedOn ? undefined : retryDelay(this.#params.retry, attempt, failure);
          if (waitMs === undefined) throw failure;
          await delay(this.#clock, waitMs, abortSignal);
        }
      }
    } catch (error) {
      if (!abortSignal?.aborted) throw error;
      throw new AdkError("ABORTED", `The call of Gemini ${model} was cancelled.`, {
        cause: abortSignal.reason,
      });
    }
  }

  /** One call of the service. However it ends, its connection is closed and nothing is left on the signal. */
  async *#attempt(
    client: GeminiClient,
    llmRequest: LlmRequest,
    { stream, abortSignal, onFailure }: AttemptOptions,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    abortSignal?.throwIfAborted();
    // The client gets a signal of its own: it would leave its listener on the caller's.
    const controller = new AbortController();
    const { signal } = controller;
    const onAbort = (): void => controller.abort(abortSignal?.reason);
    abortSignal?.addEventListener("abort", onAbort, { once: true });
    const stopTimer = this.#startTimer(controller);
    let whole: LlmResponse;
    try {
      const request = toRequest(llmRequest, {
        model: this.model,
        vertexai: this.vertexai,
        signal,
        fetch: this.#params.retry && !this.#params.client ? watchingFetch(onFailure) : undefined,
      });
      if (stream) whole = yield* passChunks(client, request, signal);
      else whole = toResponse(await untilAborted(client.models.generateContent(request), signal));
    } finally {
      stopTimer?.();
      abortSignal?.removeEventListener("abort", onAbort);
      // When the caller leaves, the client would keep the connection open.
      controller.abort();
    }
    yield whole;
  }

  #startTimer(controller: AbortController): (() => void) | undefined {
    const { timeoutMs } = this.#params;
    if (timeoutMs === undefined) return undefined;
    return this.#clock.after(timeoutMs, () => {
      controller.abort(
        new AdkError(
          "MODEL_FAILED",
          `Gemini ${this.model} gave no complete answer within ${timeoutMs} ms. Call again, or raise \`timeoutMs\`.`,
          { retryable: true, details: { model: this.model, timeoutMs } },
        ),
      );
    });
  }

  #load(): Promise<GeminiClient> {
    if (this.#params.client) return Promise.resolve(this.#params.client);
    // A failure is not kept: the package may be installed by the next call.
    return (this.#client ??= this.#createClient().catch((error: unknown) => {
      this.#client = undefined;
      throw error;
    }));
  }

  async #createClient(): Promise<GeminiClient> {
    const { model: _, ...target } = this.#target as GeminiTarget;
    const { headers, baseUrl } = this.#params;
    const { GoogleGenAI } = await loadGenai();
    const httpOptions: HttpOptions = { ...(headers && { headers }), ...(baseUrl && { baseUrl }) };
    try {
      return new GoogleGenAI({ ...target, httpOptions });
    } catch (error) {
      const { cause } = toModelError(error, { model: this.model, secrets: this.#secrets() });
      throw new AdkError(
        "MISCONFIGURED",
        "The client of @google/genai refuses these options of Gemini; the cause says why. Older clients take either `apiKey` or `project` and `location`.",
        { cause },
      );
    }
  }

  #secrets(): string[] {
    const headers = Object.entries(this.#params.headers ?? {})
      .filter(([name]) => /auth|key|token|cookie|secret/i.test(name))
      .map(([, value]) => value);
    return [this.#target?.apiKey, ...headers].filter((text): text is string => Boolean(text));
  }
}

interface AttemptOptions {
  readonly stream: boolean;
  readonly abortSignal: AbortSignal | undefined;
  readonly onFailure: (headers: Headers) => void;
}

/** Yields the chunks as partial responses. @returns the whole. */
async function* passChunks(
  client: GeminiClient,
  request: GeminiRequest,
  signal: AbortSignal,
): AsyncGenerator<LlmResponse, LlmResponse, undefined> {
  const chunks = await untilAborted(client.models.generateContentStream(request), signal);
  const aggregator = new StreamAggregator();
  for (;;) {
    const next = await untilAborted(chunks.next(), signal);
    if (next.done) return aggregator.finish();
    const partial = aggregator.add(next.value);
    if (partial) yield partial;
  }
}

async function loadGenai(): Promise<typeof genai> {
  try {
    return await import("@google/genai");
  } catch (cause) {
    throw new AdkError(
      "MISCONFIGURED",
      "Gemini needs the package @google/genai, which could not be loaded. Run: npm install @google/genai",
      { cause },
    );
  }
}
