import { AsyncLocalStorage } from "node:async_hooks";
import { promiseHooks } from "node:v8";

/** Counts the continuations of promises (of `then`, `catch`, `finally` and `await`) that follow from some work. */
export class Continuations {
  static readonly #current: AsyncLocalStorage<Continuations> = new AsyncLocalStorage();
  static #isHooked = false;
  readonly #limit: number;
  readonly #onLimit: () => void;
  #count = 0;

  /** @param onLimit called once, before the continuation of that number. */
  constructor(limit: number, onLimit: () => void) {
    this.#limit = limit;
    this.#onLimit = onLimit;
    if (Continuations.#isHooked) return;
    Continuations.#isHooked = true;
    promiseHooks.onBefore(() => {
      const current = Continuations.#current.getStore();
      if (current) current.#next();
    });
  }

  /** How many there were so far. */
  get count(): number {
    return this.#count;
  }

  /** Does the work. What follows from it counts; what others do at the same time does not. */
  of<T>(work: () => T): T {
    return Continuations.#current.run(this, work);
  }

  #next(): void {
    if (++this.#count === this.#limit) this.#onLimit();
  }
}
