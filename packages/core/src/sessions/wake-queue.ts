import type { Wake } from "./session-store.ts";

/**
 * Hints for one watcher, in order, until its signal is aborted; hints of one session that wait together become one.
 *
 * An iterator by hand: every append passes here, and a generator would cost it several times as much.
 */
export class WakeQueue implements AsyncIterableIterator<Wake, void, undefined> {
  readonly #signal: AbortSignal;
  readonly #onEnd: (() => void) | undefined;
  readonly #waiting: Map<string, Wake> = new Map();
  #taker: ((result: IteratorResult<Wake, void>) => void) | undefined;
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

  /** One call at a time. */
  next(): Promise<IteratorResult<Wake, void>> {
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    for (const [incarnation, value] of this.#waiting) {
      this.#waiting.delete(incarnation);
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve) => (this.#taker = resolve));
  }

  return(): Promise<IteratorResult<Wake, void>> {
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
