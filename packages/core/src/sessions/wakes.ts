import { delay, type Clock } from "../internal/clock.ts";
import type { SessionStore, Wake } from "./session-store.ts";

export type WakeListener = (wake: Wake) => void;

const RESTART_MS = 1_000;

/**
 * The one watch of a service over its store, shared by all its leases and subscribers. It starts with the first listener
 * and goes on until the service is closed; when it fails it is started again. Hints only: nobody depends on one.
 */
export class Wakes {
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #listeners: Map<string, Set<WakeListener>> = new Map();
  readonly #stopped: AbortController = new AbortController();
  #started = false;

  constructor(store: SessionStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Whether the store gives hints at all. */
  get available(): boolean {
    return this.#store.watch !== undefined;
  }

  /** Calls `listener` for hints about one life of a session. @returns what ends it. */
  listen(incarnation: string, listener: WakeListener): () => void {
    if (!this.available) return () => {};
    if (!this.#started) {
      this.#started = true;
      void this.#run();
    }
    const listeners = this.#listeners.get(incarnation);
    if (listeners) listeners.add(listener);
    else this.#listeners.set(incarnation, new Set([listener]));
    return () => {
      const current = this.#listeners.get(incarnation);
      if (current?.delete(listener) && current.size === 0) this.#listeners.delete(incarnation);
    };
  }

  stop(): void {
    this.#stopped.abort();
    this.#listeners.clear();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      try {
        for await (const wake of this.#store.watch?.(signal) ?? []) this.#tell(wake);
      } catch {
        // Without hints subscribers look by timer and leases learn by renewing; the watch is tried again.
      }
      await delay(this.#clock, RESTART_MS, signal).catch(() => {});
    }
  }

  #tell(wake: Wake): void {
    for (const listener of this.#listeners.get(wake.incarnation) ?? []) listener(wake);
  }
}
