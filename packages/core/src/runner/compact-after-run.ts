import { GraceGate } from "../internal/grace-gate.ts";
import { Stopped } from "../internal/stopped.ts";
import type { StoreSummary } from "./compactor.ts";
import type { RunParts } from "./run-parts.ts";

/** Sums up older events, unless the run was stopped before its end. A caller that breaks off waits for it no longer than for a tool. */
export async function compactAfterRun({
  settings,
  context,
  commits,
  stopSwitch,
}: RunParts): Promise<void> {
  const { compactions, clock, abortGraceMs } = settings;
  if (!compactions || (stopSwitch.reason !== undefined && stopSwitch.reason !== "break")) return;
  const { signal } = stopSwitch;
  using gate = new GraceGate(signal, { clock, graceMs: abortGraceMs });
  const tooLate = new AbortController();
  const onStop = (): void => {
    if (stopSwitch.reason !== "break") tooLate.abort();
  };
  signal.addEventListener("abort", onStop, { once: true });
  const store: StoreSummary = (event, header) => commits.summary(event, header);
  try {
    await gate.pass(compactions.afterRun(context, store, tooLate.signal));
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  } finally {
    signal.removeEventListener("abort", onStop);
    tooLate.abort();
  }
}
