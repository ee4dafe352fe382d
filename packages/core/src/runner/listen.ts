import type { SessionLease } from "../sessions/lease.ts";
import type { StopReason } from "./stop-switch.ts";

/**
 * Hears what tells a run to stop from outside: the caller's signal, a cancel, and the loss of the lease.
 *
 * @param whyAborted what the signal stands for: a run of an agent tool stops for its caller's reason.
 * @returns a function that leaves nothing behind on the caller's signal; the lease's end with the run.
 */
export function listen(
  abortSignal: AbortSignal | undefined,
  { lost, cancelled }: SessionLease,
  whyAborted: () => StopReason,
  stop: (reason: StopReason) => void,
): () => void {
  const onAbort = (): void => stop(whyAborted());
  const onCancel = (): void => stop("abort");
  const onLost = (): void => stop("lost");
  if (abortSignal) hear(abortSignal, onAbort);
  hear(lost, onLost);
  hear(cancelled, onCancel);
  return () => abortSignal?.removeEventListener("abort", onAbort);
}

function hear(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener, { once: true });
}
