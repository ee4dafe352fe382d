import type { Wake } from "@adk/core";

/** Hints for one watcher until its signal is aborted; those of one session that wait together become one. */
export class WakeQueue implements AsyncIterable<Wake> {
  readonly #signal: AbortSignal;
  #waiting: Map<string, Wake> = new Map();
  #notify: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  push(wake: Wake): void {
    const other = this.#waiting.get(wake.incarnation);
    this.#waiting.set(wake.incarnation, other ? { ...other, ...wake } : wake);
    this.#notify?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Wake, void, undefined> {
    const aborted = (): void => this.#notify?.();
    this.#signal.addEventListener("abort", aborted);
    try {
      while (!this.#signal.aborted) {
        if (this.#waiting.size === 0) {
          await new Promise<void>((resolve) => {
            this.#notify = resolve;
          });
          this.#notify = undefined;
          continue;
        }
        const wakes = this.#waiting;
        this.#waiting = new Map();
        yield* wakes.values();
      }
    } finally {
      this.#signal.removeEventListener("abort", aborted);
    }
  }
}
