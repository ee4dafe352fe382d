import {
  BasePlugin,
  checkOptions,
  type LlmResponse,
  type NextModelCall,
  type OptionCheck,
  type WrappedModelCall,
  integer,
  oneOf,
} from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import { AnswerStore } from "./answer-store.ts";
import { type RecordedAnswer, recordAnswer, replay } from "./recorded-answer.ts";
import { requestKey, type ResponseCacheScope } from "./request-key.ts";
import { settled } from "./settled.ts";

/** What is kept, for how long, and for whom. */
export interface ResponseCachePluginOptions {
  /** Bytes that all answers may take together, as JSON. @defaultValue 64 MiB */
  maxBytes?: number | undefined;
  /** How long an answer is given again, in milliseconds. @defaultValue 3,600,000 (one hour) */
  maxAgeMs?: number | undefined;
  /**
   * Who gets an answer again: the same user of the same app, all users of the app, or everybody. Wider than `user`, what one
   * person asked reaches another: only for requests that hold nothing of anybody's.
   *
   * @defaultValue "user"
   */
  scope?: ResponseCacheScope | undefined;
  /** Unique within the app. @defaultValue "response_cache" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof ResponseCachePluginOptions, OptionCheck>> = {
  maxBytes: integer(1),
  maxAgeMs: integer(1),
  scope: oneOf("user", "app", "global"),
  name: filledText,
};

/** How the cache has done since it was made. */
export interface ResponseCacheStats {
  /** Requests that were answered from memory. */
  readonly hits: number;
  /** Requests that were answered by the call of an equal request that was under way. */
  readonly shared: number;
  /** Requests that the model was asked. */
  readonly misses: number;
  /** Answers that are kept. */
  readonly entries: number;
  /** What they take, as JSON. */
  readonly bytes: number;
}

/**
 * Answers a request that was answered before from memory, without asking the model: streams as streams, calls with new ids,
 * with a usage of 0 and without `customMetadata`. Only complete answers without an error are kept. Equal requests at the same time share one call.
 *
 * It stands outside of retries and budgets, wherever it is registered: what it answers costs nothing.
 */
export class ResponseCachePlugin extends BasePlugin {
  override readonly aroundRank: number = 30;
  readonly #scope: ResponseCacheScope;
  readonly #store: AnswerStore;
  /** The calls under way by key: each resolves to its answer, or to nothing when that cannot be shared. Never rejects. */
  readonly #underWay: Map<string, Promise<RecordedAnswer | undefined>> = new Map();
  #clears = 0;
  readonly #counts: { hits: number; shared: number; misses: number } = {
    hits: 0,
    shared: 0,
    misses: 0,
  };

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is unknown or does not fit. */
  constructor(options: ResponseCachePluginOptions = {}) {
    checkOptions("ResponseCachePlugin", options, OPTIONS);
    const { maxBytes = 64 * 1024 * 1024, maxAgeMs = 3_600_000, scope = "user", name } = options;
    super(name ?? "response_cache");
    this.#scope = scope;
    this.#store = new AnswerStore({ maxBytes, maxAgeMs });
  }

  get stats(): ResponseCacheStats {
    return { ...this.#counts, entries: this.#store.size, bytes: this.#store.bytes };
  }

  /** Forgets all answers, those that are under way too: they go to who has asked for them, and to nobody after. */
  clear(): void {
    this.#clears++;
    this.#underWay.clear();
    this.#store.clear();
  }

  override async *aroundModelCall(
    call: WrappedModelCall,
    next: NextModelCall,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    const key = requestKey(call, this.#scope);
    if (key === undefined) return yield* next();
    const { abortSignal, invocationContext } = call.callbackContext;
    const { clock } = invocationContext.invocation;
    const kept = this.#store.get(key, clock.now());
    if (kept) {
      this.#counts.hits++;
      return yield* replay(kept, call.stream);
    }
    const underWay = this.#underWay.get(key);
    const shared = underWay && (await settled(underWay, abortSignal));
    if (shared) {
      this.#counts.shared++;
      return yield* replay(shared, call.stream);
    }
    this.#counts.misses++;
    yield* this.#ask(key, next, () => clock.now());
  }

  override async close(): Promise<void> {
    this.clear();
  }

  /** Asks the model, and keeps the answer when it came to its end. */
  async *#ask(
    key: string,
    next: NextModelCall,
    now: () => number,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    const { promise, resolve } = Promise.withResolvers<RecordedAnswer | undefined>();
    this.#underWay.set(key, promise);
    const clears = this.#clears;
    const responses: LlmResponse[] = [];
    // Passed on when the call is over: whoever gets it may ask for the same, and wait for this call, before coming back.
    let whole: LlmResponse | undefined;
    let failure: { readonly error: unknown } | undefined;
    let answer: RecordedAnswer | undefined;
    try {
      for await (const response of next()) {
        if (whole) yield whole;
        responses.push(structuredClone(response)); // before hooks may change it
        whole = response.partial ? undefined : response;
        if (!whole) yield response;
      }
      answer = recordAnswer(responses);
      if (answer && clears === this.#clears) this.#store.set(key, answer, now());
    } catch (error) {
      failure = { error };
    } finally {
      if (this.#underWay.get(key) === promise) this.#underWay.delete(key);
      resolve(answer);
    }
    if (whole) yield whole;
    if (failure) throw failure.error;
  }
}
