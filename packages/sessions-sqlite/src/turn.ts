/** How long commands may run before timers and sockets get their turn, milliseconds. */
const BUDGET_MS = 4;

/**
 * Watches how long this turn of the event loop has lasted: SQLite works on the caller's thread, and a chain of commands
 * that succeed would otherwise hold up everything else.
 */
export class Turn {
  #startedAt = 0;
  #isRunning = false;

  /** Whether the others must get a turn before anything more is done. */
  isSpent(): boolean {
    if (this.#isRunning) return performance.now() - this.#startedAt > BUDGET_MS;
    this.#isRunning = true;
    this.#startedAt = performance.now();
    setImmediate(() => {
      this.#isRunning = false;
    });
    return false;
  }
}

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Resolves after about `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
