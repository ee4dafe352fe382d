import { AdkError } from "../errors.ts";

/** What a {@link Deadline} limits. */
export interface DeadlineOptions {
  /** In milliseconds. */
  readonly timeoutMs: number;
  /** Whether what is sent changes something: then its end may leave open whether it did. */
  readonly isWrite: boolean;
  /** The caller's: it ends the wait too. */
  readonly signal?: AbortSignal | undefined;
  /** Who is waited for, in the error's message: `Redis at localhost:6379`. */
  readonly server: string;
}

/**
 * A limit of time for one command of a store, and its caller's signal: whatever the driver does, its caller hears in time, and
 * hears what became of a write (`details.committed`).
 *
 * @example
 * ```ts
 * using deadline = new Deadline({ timeoutMs: 10_000, isWrite: true, server: "Redis", signal });
 * deadline.check();
 * deadline.isSent = true;
 * return await deadline.race(driver.call("set", key, value));
 * ```
 */
export class Deadline implements Disposable {
  /** To be set when the command is handed to the driver: from then on a write may be carried out, also later. */
  isSent = false;
  readonly #options: DeadlineOptions;
  readonly #end: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onAbort = (): void => this.#fail(this.#aborted());
  #reject: ((error: AdkError) => void) | undefined;
  #error: AdkError | undefined;

  constructor(options: DeadlineOptions) {
    const { timeoutMs, signal } = options;
    this.#options = options;
    this.#end = performance.now() + timeoutMs;
    this.#timer = setTimeout(() => this.#fail(this.#late()), timeoutMs);
    if (signal?.aborted) this.#error = this.#aborted();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Milliseconds; 0 when it is over. */
  get leftMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** Why nobody waits any longer. */
  get error(): AdkError | undefined {
    return this.#error;
  }

  /** @throws {@link AdkError} `TIMEOUT` or `ABORTED` when time is over or the caller has left. */
  check(): void {
    if (this.#error) throw this.#error;
  }

  /**
   * The promise, or the end of the time, whichever comes first; one after the other. Whoever has not asked
   * {@link check} right before sending may be told `committed: false` of what was sent.
   *
   * @throws {@link AdkError} `TIMEOUT` or `ABORTED`, with `details.committed`; and what the promise is rejected with.
   */
  async race<T>(promise: Promise<T>): Promise<T> {
    // When nobody waits for it any longer it may fail unheard.
    promise.catch(() => {});
    this.check();
    return await new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#reject = undefined;
  }

  #fail(error: AdkError): void {
    this.#error ??= error;
    this.#reject?.(this.#error);
  }

  #details(): { committed: false | "unknown" } {
    return { committed: this.isSent && this.#options.isWrite ? "unknown" : false };
  }

  #late(): AdkError {
    const { server, timeoutMs } = this.#options;
    return new AdkError(
      "TIMEOUT",
      `${server} did not answer within ${timeoutMs} ms (\`timeoutMs\`). Repeat the call.`,
      { retryable: true, details: this.#details() },
    );
  }

  #aborted(): AdkError {
    return new AdkError(
      "ABORTED",
      "The call was cancelled. Repeat it to learn what became of it.",
      { cause: this.#options.signal?.reason, details: this.#details() },
    );
  }
}
