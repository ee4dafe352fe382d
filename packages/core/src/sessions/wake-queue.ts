import type { Wake } from "./session-store.ts";

/**
 * Hints for one watcher of a store, in order, until its signal is aborted; hints of one session that wait together become one.
 * What a store's `watch` may return.
 */
// An iterator by hand: every append passes here, and a generator would cost it several times as much.
export class WakeQueue implements AsyncIterableIterator<Wake, void, undefined> {
  readonly #signal: AbortSignal;
  readonly #onEnd: (() => void) | undefined;
  readonly #waiting: Map<string, Wake> = new Map();
  #taker: ((result: IteratorResult<Wake, void>) => void) | undefined;
  #refuse: ((error: Error) => void) | undefined;
  #error: Error | undefined;
  #ended = false;

  /** @param onEnd called once, when nobody takes hints any more. */
  constructor(signal: AbortSignal, onEnd?: () => void) {
    this.#signal = signal;
    this.#onEnd = onEnd;
    if (signal.aborted) this.#end();
    else signal.addEventListener("abort", this.#end, { once: true });
  }

  push(wake: Wake): void {
    if (this.#ended) return;
    const taker = this.#taker;
    if (taker) {
      this.#taker = undefined;
      taker({ done: false, value: wake });
      return;
    }
    const other = this.#waiting.get(wake.incarnation);
    this.#waiting.set(wake.incarnation, other ? { ...other, ...wake } : wake);
  }

  /** Ends the watch with an error, which whoever takes the next hint is told. */
  fail(error: Error): void {
    if (this.#ended) return;
    if (this.#taker) this.#refuse?.(error);
    else this.#error = error;
    this.#taker = undefined;
    this.#end();
  }

  /** One call at a time. */
  next(): Promise<IteratorResult<Wake, void>> {
    const error = this.#error;
    this.#error = undefined;
    if (error && !this.#signal.aborted) return Promise.reject(error);
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    for (const [incarnation, value] of this.#waiting) {
      this.#waiting.delete(incarnation);
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve, reject) => {
      this.#taker = resolve;
      this.#refuse = reject;
    });
  }

  return(): Promise<IteratorResult<Wake, void>> {
    this.#error = undefined;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal.removeEventListener("abort", this.#end);
    this.#waiting.clear();
    this.#taker?.({ done: true, value: undefined });
    this.#onEnd?.();
  };
}
