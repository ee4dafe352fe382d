import type { InvocationContext } from "../context/invocation-context.ts";
import { GraceGate } from "../internal/grace-gate.ts";
import { Stopped } from "../internal/stopped.ts";
import type { RunParts } from "./run-parts.ts";

/** An agent gets this much more than the work it waits for. */
const AGENT_GRACE_MS = 500;

/**
 * Runs the context's agent and takes each of its events on its way. Told to stop, the agent is left at its next event;
 * results that it still has are taken too.
 */
export async function drive(
  context: InvocationContext,
  { settings, stopSwitch, commits }: RunParts,
): Promise<void> {
  const { signal } = stopSwitch;
  if (signal.aborted) return;
  const { clock, abortGraceMs, logger } = settings;
  using gate = new GraceGate(signal, { clock, graceMs: abortGraceMs + AGENT_GRACE_MS });
  const events = context.agent.runAsync(context);
  let isLeft = false;
  let isOver = false;
  try {
    for (;;) {
      const leave: boolean = signal.aborted && !isLeft;
      isLeft ||= leave;
      const next = await gate.pass(leave ? events.return() : events.next());
      isOver = next.done === true;
      if (next.done || stopSwitch.reason === "lost") return;
      await commits.event(next.value);
    }
  } catch (error) {
    if (!signal.aborted || context.invocation.fatalErrors.has(error as object)) throw error;
    if (gate.isClosed)
      logger.warn(
        `Agent ${context.agent.name} has not stopped ${abortGraceMs} ms after it was told to; it is abandoned.`,
      );
    else if (!(error instanceof Stopped))
      logger.debug("An error after the run was told to stop is dropped.", { error });
  } finally {
    while (!isOver && !gate.isClosed)
      isOver = await gate.pass(events.return()).then(
        ({ done }) => done === true,
        () => true,
      );
    if (gate.isClosed) void events.return().catch(() => undefined);
  }
}
