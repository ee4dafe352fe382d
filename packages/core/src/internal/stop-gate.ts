import { Stopped } from "./stopped.ts";

/**
 * Waits for promises one after the other, each only until a signal is aborted. One listener for all of them, where a
 * stream would otherwise add and remove one for every piece.
 */
export class StopGate implements Disposable {
  readonly #signal: AbortSignal;
  #reject: ((error: Stopped) => void) | undefined;
  readonly #stop = (): void => this.#reject?.(new Stopped());

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#stop, { once: true });
  }

  /** The promise's outcome, or `Stopped` as soon as the signal is aborted; what the promise throws later is swallowed. */
  pass<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      promise.then(resolve, reject);
      if (this.#signal.aborted) reject(new Stopped());
    });
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener("abort", this.#stop);
  }
}
