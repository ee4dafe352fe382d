import type { Clock } from "./clock.ts";
import { Stopped } from "./stopped.ts";

/**
 * Waits for promises one after the other; once a signal has been aborted for a while, no longer. One listener and at most
 * one timer for all of them.
 */
export class GraceGate implements Disposable {
  readonly #signal: AbortSignal;
  readonly #start: () => void;
  #cancelTimer: (() => void) | undefined;
  #reject: ((error: Stopped) => void) | undefined;
  #isClosed = false;

  constructor(signal: AbortSignal, { clock, graceMs }: { clock: Clock; graceMs: number }) {
    this.#signal = signal;
    this.#start = () => {
      this.#cancelTimer = clock.after(graceMs, () => {
        this.#isClosed = true;
        this.#reject?.(new Stopped());
      });
    };
    if (signal.aborted) this.#start();
    else signal.addEventListener("abort", this.#start, { once: true });
  }

  /** Whether the time is over: nothing is waited for any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** The promise's outcome, or `Stopped` when the time is over; what the promise throws later is swallowed. */
  pass<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
      if (this.#isClosed) reject(new Stopped());
    });
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#start);
    this.#cancelTimer?.();
  }
}
