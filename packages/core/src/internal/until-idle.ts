/** Node's own, faster than a timer of 0 ms; a timer elsewhere. */
const later: (callback: () => void) => void =
  (globalThis as { setImmediate?: (callback: () => void) => void }).setImmediate ??
  ((callback) => void setTimeout(callback, 0));

/** Resolves when the promise has settled, or when nothing is left to do but wait for something from outside. */
export function untilIdle(promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    promise.then(
      () => resolve(),
      () => resolve(),
    );
    later(resolve);
  });
}
