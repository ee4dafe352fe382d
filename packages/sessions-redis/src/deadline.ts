import { AdkError } from "@adk/core";

/** A limit of time for one command, and its caller's signal. It says what became of a write. */
export class Deadline implements Disposable {
  readonly #isWrite: boolean;
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #onAbort = (): void => this.#fail(this.#aborted());
  #isSent = false;
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

  /** What `send` gives, or the end of the time, whichever comes first. Nothing is sent when it is over already. */
  async race<T>(send: () => Promise<T>): Promise<T> {
    if (this.#error) throw this.#error;
    this.#isSent = true;
    const sent = send();
    return await new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      sent.then(resolve, reject);
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

  /** A command that the driver has may be carried out later. */
  #details(): { committed: false | "unknown" } {
    return { committed: this.#isSent && this.#isWrite ? "unknown" : false };
  }

  #late(): AdkError {
    return new AdkError(
      "TIMEOUT",
      `Redis did not answer within ${this.#timeoutMs} ms (\`timeoutMs\`). Repeat the call.`,
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
