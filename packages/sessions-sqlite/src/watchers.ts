import type { Wake } from "@adk/core";

/** Hints for one watcher, until its signal is aborted; hints of one session that wait together become one. */
export class Watcher implements AsyncIterable<Wake> {
  readonly #signal: AbortSignal;
  #waiting: Map<string, Wake> = new Map();
  #error: Error | undefined;
  #notify: (() => void) | undefined;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  push(wake: Wake): void {
    this.#waiting.set(wake.incarnation, { ...this.#waiting.get(wake.incarnation), ...wake });
    this.#notify?.();
  }

  /** Ends the watch with an error. */
  fail(error: Error): void {
    this.#error = error;
    this.#notify?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Wake, void, undefined> {
    const aborted = (): void => this.#notify?.();
    this.#signal.addEventListener("abort", aborted);
    try {
      while (!this.#signal.aborted) {
        if (this.#error) throw this.#error;
        const wakes = this.#waiting;
        if (wakes.size > 0) {
          this.#waiting = new Map();
          yield* wakes.values();
          continue;
        }
        await new Promise<void>((resolve) => {
          this.#notify = resolve;
        });
        this.#notify = undefined;
      }
    } finally {
      this.#signal.removeEventListener("abort", aborted);
    }
  }
}

/** The watchers of this process, by file: what one store writes, the others on that file are told at once. */
const watchersOfFile: Map<string, Set<Watcher>> = new Map();

export function addWatcher(file: string, watcher: Watcher): void {
  const watchers = watchersOfFile.get(file);
  if (watchers) watchers.add(watcher);
  else watchersOfFile.set(file, new Set([watcher]));
}

export function removeWatcher(file: string, watcher: Watcher): void {
  const watchers = watchersOfFile.get(file);
  if (watchers?.delete(watcher) && watchers.size === 0) watchersOfFile.delete(file);
}

export function tellWatchers(file: string, wake: Wake): void {
  for (const watcher of watchersOfFile.get(file) ?? []) watcher.push(wake);
}
