import { AdkError } from "@adk/core";

/**
 * What others wait for, too, for as long as this caller does: one who leaves does not end it. The signal has not fired yet.
 *
 * @throws {@link AdkError} `ABORTED` at once when the signal fires.
 */
export async function untilAborted(
  promise: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!signal) return await promise;
  const left = Promise.withResolvers<never>();
  const onAbort = (): void => left.reject(cancelled(signal));
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, left.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Of a call that has sent nothing yet. */
export function cancelled(signal: AbortSignal): AdkError {
  return new AdkError("ABORTED", "The call was cancelled before it was sent.", {
    cause: signal.reason,
    details: { committed: false },
  });
}
