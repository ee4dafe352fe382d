import type { SessionLease } from "../sessions/lease.ts";
import type { HandOff } from "./hand-off.ts";
import type { RunSettings } from "./run-settings.ts";

/**
 * A caller that went away without a word must not keep the session for ever: an event that it has not come back from for
 * `consumerIdleMs` lets the lease lapse, and the lease is kept alive again when it does come back.
 *
 * @returns a function that ends the watch.
 */
export function watchIdle(
  handOff: HandOff,
  lease: SessionLease,
  { clock, consumerIdleMs }: RunSettings,
): () => void {
  /** Since when the caller has an event that it has not come back from. */
  let waitingSince: number | undefined;
  let gaveUp = false;
  let cancelTimer = clock.after(consumerIdleMs, look, true);
  function look(): void {
    const idleMs = waitingSince === undefined ? 0 : clock.now() - waitingSince;
    if (idleMs < consumerIdleMs) {
      cancelTimer = clock.after(consumerIdleMs - idleMs, look, true);
      return;
    }
    gaveUp = true;
    lease.keepAlive(false);
  }
  handOff.onWaiting = (waiting) => {
    waitingSince = waiting ? clock.now() : undefined;
    if (waiting || !gaveUp) return;
    gaveUp = false;
    lease.keepAlive(true);
    cancelTimer = clock.after(consumerIdleMs, look, true);
  };
  return () => {
    cancelTimer();
    handOff.onWaiting = undefined;
  };
}
