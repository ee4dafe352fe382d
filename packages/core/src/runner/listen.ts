import type { SessionLease } from "../sessions/lease.ts";
import type { StopReason } from "./stop-switch.ts";

/**
 * Hears what tells a run to stop from outside: the caller's signal, a cancel, and the loss of the lease.
 *
 * @returns a function that leaves nothing behind on the caller's signal; the lease's end with the run.
 */
export function listen(
  abortSignal: AbortSignal | undefined,
  { lost, cancelled }: SessionLease,
  stop: (reason: StopReason) => void,
): () => void {
  const onAbort = (): void => stop("abort");
  const onLost = (): void => stop("lost");
  if (abortSignal) hear(abortSignal, onAbort);
  hear(lost, onLost);
  hear(cancelled, onAbort);
  return () => abortSignal?.removeEventListener("abort", onAbort);
}

function hear(signal: AbortSignal, listener: () => void): void {
  if (signal.aborted) listener();
  else signal.addEventListener("abort", listener, { once: true });
}
