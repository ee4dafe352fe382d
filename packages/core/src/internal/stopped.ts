/** How the engine's own code ends when it was told to stop; never reaches a caller. */
export class Stopped extends Error {
  constructor() {
    super("The run was told to stop.");
    this.name = "Stopped";
  }
}

/** @throws Stopped when the signal is aborted. */
export function throwIfStopped(signal: AbortSignal): void {
  if (signal.aborted) throw new Stopped();
}

/** The promise's outcome, or `Stopped` as soon as the signal is aborted; what the promise throws later is swallowed. */
export function orStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => reject(new Stopped());
    const settled = (): void => signal.removeEventListener("abort", aborted);
    if (signal.aborted) aborted();
    else signal.addEventListener("abort", aborted, { once: true });
    promise.then(
      (value) => {
        settled();
        resolve(value);
      },
      (error: unknown) => {
        settled();
        reject(error);
      },
    );
  });
}

/** A controller that follows `signal` until it is unlinked; leaves no listener behind then. */
export function followingController(signal: AbortSignal): {
  controller: AbortController;
  unlink: () => void;
} {
  const controller = new AbortController();
  if (signal.aborted) {
    controller.abort(signal.reason);
    return { controller, unlink: () => undefined };
  }
  const follow = (): void => controller.abort(signal.reason);
  signal.addEventListener("abort", follow, { once: true });
  return { controller, unlink: () => signal.removeEventListener("abort", follow) };
}
