import { AdkError } from "../errors.ts";
import type { Clock } from "../internal/clock.ts";

/** The time that a hook takes by itself. It stands still while the hook waits for what `next` gives it. */
export class HookTimer {
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #passed: Promise<never>;
  #reject: (error: AdkError) => void = () => undefined;
  #leftMs: number;
  #startedAt = 0;
  #cancel: (() => void) | undefined;
  #isRunning = false;
  /** For how many things the hook waits. */
  #waits = 0;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#leftMs = limitMs;
    this.#passed = new Promise((_, reject) => (this.#reject = reject));
    this.#passed.catch(() => undefined); // often nobody waits for it
  }

  /**
   * What the hook's work comes to, while the time runs.
   *
   * @throws what `begin` throws; AdkError `TIMEOUT` when the hook's time is over.
   */
  async run<T>(begin: () => PromiseLike<T> | T): Promise<T> {
    this.#isRunning = true;
    this.#start();
    try {
      return await Promise.race([begin(), this.#passed]);
    } finally {
      this.#isRunning = false;
      this.#stop();
    }
  }

  /** What somebody else's work comes to, while the hook's time stands still. */
  async pause<T>(work: Promise<T>): Promise<T> {
    this.#waits++;
    this.#stop();
    try {
      return await work;
    } finally {
      this.#waits--;
      if (this.#isRunning) this.#start();
    }
  }

  /** Unless the hook waits, or the time runs already: it may have begun to wait before this step, or in two places. */
  #start(): void {
    if (this.#waits > 0 || this.#cancel !== undefined) return;
    this.#startedAt = this.#clock.now();
    this.#cancel = this.#clock.after(this.#leftMs, () => {
      this.#cancel = undefined;
      this.#leftMs = 0;
      this.#reject(
        new AdkError("TIMEOUT", `it took longer than ${this.#limitMs} ms (\`hookTimeoutMs\`)`, {
          details: { timeoutMs: this.#limitMs },
        }),
      );
    });
  }

  #stop(): void {
    if (this.#cancel === undefined) return;
    this.#cancel();
    this.#cancel = undefined;
    this.#leftMs = Math.max(0, this.#leftMs - (this.#clock.now() - this.#startedAt));
  }
}
