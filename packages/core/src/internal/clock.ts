/** Where time comes from. Hand one to a `Runner` or a service to control it in tests. */
export interface Clock {
  /** Milliseconds since the Unix epoch, an integer. */
  now(): number;
  /**
   * Calls `callback` once, `ms` milliseconds from now.
   *
   * @param background true: the process need not go on for its sake. May be ignored.
   * @returns a function that cancels it.
   */
  after(ms: number, callback: () => void, background?: boolean): () => void;
}

/** A timer of the machine that is set to longer than this (24 days) ends at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock and timers. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, callback, background) {
    let timer: ReturnType<typeof setTimeout>;
    const wait = (leftMs: number): void => {
      timer =
        leftMs > MAX_TIMER_MS
          ? setTimeout(() => wait(leftMs - MAX_TIMER_MS), MAX_TIMER_MS)
          : setTimeout(callback, leftMs);
      // Timers of browsers are numbers, and know nothing of this.
      if (background) (timer as { unref?: () => void }).unref?.();
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms` milliseconds of `clock`, or rejects with the signal's reason as soon as it is aborted. */
export function delay(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const done = (): void => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    };
    const cancel = clock.after(ms, done);
    const aborted = (): void => {
      cancel();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

/** The promise's outcome, or a rejection with `timedOut()` when it takes longer than `ms` milliseconds. */
export function withTimeout<T>(
  clock: Clock,
  ms: number,
  promise: Promise<T>,
  timedOut: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => reject(timedOut()));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error);
      },
    );
  });
}

/** Waits until the promise has settled, but not longer than `ms` milliseconds. @returns whether it has. */
export function settlesWithin(
  clock: Clock,
  ms: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, () => resolve(false));
    const settled = (): void => {
      cancel();
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
