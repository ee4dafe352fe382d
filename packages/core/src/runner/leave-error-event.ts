import { type EventOrigin, newEvent } from "../context/new-event.ts";
import { AdkError } from "../errors.ts";
import { failedNode } from "../log/agent-run.ts";
import type { RunParts } from "./run-parts.ts";

/** What could not be stored was the event; another one can be. */
const OF_EVENT: ReadonlySet<string> = new Set([
  "INVALID_ARGUMENT",
  "NOT_SERIALIZABLE",
  "EVENT_TOO_LARGE",
  "EVENT_ID_CONFLICT",
]);

/** Leaves an event of the agent that failed, unless the store has refused what it would refuse again. Never rejects. */
export async function leaveErrorEvent(
  error: unknown,
  { context, commits }: RunParts,
): Promise<void> {
  const { invocation, agent } = context;
  const isOfStore =
    typeof error === "object" &&
    error !== null &&
    invocation.fatalErrors.has(error) &&
    !(AdkError.isInstance(error) && OF_EVENT.has(error.code));
  if (isOfStore) return;
  const origin: EventOrigin = invocation.failures.get(error) ?? { author: agent.name };
  try {
    await commits.event(
      newEvent(
        context,
        {
          nodeInfo: failedNode(origin.author),
          errorCode: errorCode(error),
          errorMessage: error instanceof Error ? error.message : String(error),
        },
        origin,
      ),
    );
  } catch (failure) {
    invocation.logger.error(`Run ${invocation.id} failed and could not leave its error event.`, {
      error: failure,
    });
  }
}

function errorCode(error: unknown): string {
  if (AdkError.isInstance(error)) return error.code;
  return error instanceof Error ? error.name : "Error";
}
