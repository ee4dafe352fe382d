import { type Clock, settlesWithin } from "../internal/clock.ts";

export interface NotForEverOptions {
  /** Aborted when the work was told to stop. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** How long it is waited for after that, in milliseconds. */
  readonly graceMs: number;
  readonly onAbandoned: () => void;
}

/** The work's outcome. Work that was told to stop is waited for a while, then abandoned; what it throws later is swallowed. */
export async function notForEver(
  work: Promise<void>,
  { signal, clock, graceMs, onAbandoned }: NotForEverOptions,
): Promise<void> {
  let onStop: (() => void) | undefined;
  const abandoned = new Promise<void>((resolve) => {
    onStop = () =>
      void settlesWithin(clock, graceMs, work).then((settled) => {
        if (!settled) onAbandoned();
        resolve();
      });
    if (signal.aborted) onStop();
    else signal.addEventListener("abort", onStop, { once: true });
  });
  try {
    await Promise.race([work, abandoned]);
  } finally {
    if (onStop) signal.removeEventListener("abort", onStop);
    work.catch(() => undefined);
  }
}
