import type { Content } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import type { Accepted } from "./accept.ts";
import { answerInstead, begin } from "./begin.ts";
import { compactAfterRun } from "./compact-after-run.ts";
import { drive } from "./drive.ts";
import { isLeftToSeal } from "./is-settled.ts";
import { leaveErrorEvent } from "./leave-error-event.ts";
import type { RunParts } from "./run-parts.ts";
import { abortEvents } from "./seal.ts";

/**
 * What a run does under its lease: begin, run the agents, finish, sum up. A failure leaves its error event and is told to the
 * plugins.
 *
 * @param accept what another message, which a hook gave, means on the log.
 */
export async function work(
  run: RunParts,
  accept: (message: Content) => Promise<Accepted>,
): Promise<void> {
  const { settings, request, opened, accepted, context, commits, stopSwitch } = run;
  let stored = false;
  try {
    if (settings.resumable && isLeftToSeal(request, opened, accepted))
      return await finish(run, true);
    const turns = await begin(request, context, commits, accepted, async (message) => {
      const again = await accept(message);
      context.invocation.kept = opened.kept;
      return again;
    });
    stored = true;
    const answer = turns.length > 0 ? await answerInstead(context) : undefined;
    if (answer) await commits.event(answer);
    else for (const turn of turns) await drive(turn, run);
    await finish(run);
    await compactAfterRun(run);
  } catch (thrown) {
    const isLost = stopSwitch.reason === "lost";
    const error = isLost ? leaseLost(thrown) : thrown;
    const isAfterRun = error instanceof AfterRunFailed;
    if (stored && !isAfterRun && !isLost) await leaveErrorEvent(error, run);
    const original = isAfterRun ? error.cause : error;
    await context.pluginManager.notify("onRunErrorCallback", {
      invocationContext: context,
      error: original instanceof Error ? original : new Error(String(original)),
    });
    throw original;
  }
}

async function finish(
  { context, commits, stopSwitch }: RunParts,
  isAborted: boolean = stopSwitch.reason === "abort",
): Promise<void> {
  if (stopSwitch.reason === "lost") throw leaseLost(undefined);
  if (isAborted) for (const event of abortEvents(context)) await commits.event(event);
  try {
    await context.pluginManager.each("afterRunCallback", { invocationContext: context });
  } catch (error) {
    throw new AfterRunFailed(error);
  }
}

/** Marks a failure after everything of the run is stored: it leaves no error event. */
class AfterRunFailed extends Error {
  constructor(cause: unknown) {
    super("afterRun failed.", { cause });
  }
}

function leaseLost(cause: unknown): AdkError {
  if (AdkError.isInstance(cause, "SESSION_FENCED")) return cause;
  return new AdkError(
    "SESSION_FENCED",
    "The run has lost the lease on its session and was stopped: another run may hold it, or it was deleted. What was stored stays; run again.",
    { retryable: true, ...(cause === undefined ? {} : { cause }) },
  );
}
