import type { Clock } from "../internal/clock.ts";

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** Held here so that a test runner's fake timers do not stop it. */
const nextTask = setImmediate;

/**
 * A clock that moves only when it is told to: hand it to a `Runner`, a service or a store, and no test sleeps.
 *
 * ```ts
 * const clock = new VirtualClock();
 * const service = new InMemorySessionService({ clock });
 * await clock.advance(15_000); // timers that are due run in their order
 * ```
 */
export class VirtualClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  /** @param startMs milliseconds since the Unix epoch. @defaultValue 2026-01-01T00:00:00Z */
  constructor(startMs: number = Date.UTC(2026, 0, 1)) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer: Timer = { due: this.#now + Math.max(0, Math.ceil(ms)), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** How many timers wait: 0 when everything that was started has also been stopped. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Lets `ms` milliseconds pass. Timers run at their time, in the order of their time (equal ones in the order they were set);
   * before the first, after each and at the end, everything that waits for no timer goes on as far as it can.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settled();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.due);
      timer.callback();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.due <= end && (!first || timer.due < first.due)) first = timer;
    return first;
  }
}

/** All microtasks run before a task does; what they start gets a second turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise<void>((resolve) => nextTask(resolve));
}
