import { AdkError } from "@adk/core";

/** A limit of time for one command, and its caller's signal. It says what became of a write. */
export class Deadline implements Disposable {
  /** Set when the statement is handed to the driver. */
  isSent = false;
  readonly #isWrite: boolean;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onAbort = (): void => this.#fail(this.#aborted());
  #reject: ((error: AdkError) => void) | undefined;
  #error: AdkError | undefined;

  constructor(timeoutMs: number, isWrite: boolean, signal: AbortSignal | undefined) {
    this.#isWrite = isWrite;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#end = performance.now() + timeoutMs;
    this.#timer = setTimeout(() => this.#fail(this.#late()), timeoutMs);
    if (signal?.aborted) this.#error = this.#aborted();
    else signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get leftMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** Why nobody waits any longer. */
  get error(): AdkError | undefined {
    return this.#error;
  }

  /** @throws {@link AdkError} when time is over or the caller has left. */
  check(): void {
    if (this.#error) throw this.#error;
  }

  /** The promise, or the end of the time, whichever comes first. */
  async race<T>(promise: Promise<T>): Promise<T> {
    this.check();
    return await new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#reject = undefined;
  }

  #fail(error: AdkError): void {
    this.#error ??= error;
    this.#reject?.(this.#error);
  }

  #details(): { committed: false | "unknown" } {
    return { committed: this.isSent && this.#isWrite ? "unknown" : false };
  }

  #late(): AdkError {
    return new AdkError(
      "TIMEOUT",
      `PostgreSQL did not answer within ${this.#timeoutMs} ms (\`timeoutMs\`). Repeat the call.`,
      { retryable: true, details: this.#details() },
    );
  }

  #aborted(): AdkError {
    return new AdkError(
      "ABORTED",
      "The call was cancelled. Repeat it to learn what became of it.",
      { cause: this.#signal?.reason, details: this.#details() },
    );
  }
}
