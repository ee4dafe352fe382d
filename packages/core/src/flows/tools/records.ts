import type { InvocationContext } from "../../context/invocation-context.ts";
import { createEvent, type CreateEventParams, type ToolRecord } from "../../events/event.ts";

/**
 * Stores what a tool call has left before its response event is there: a record, which no model and no caller sees.
 *
 * @param written what takes effect with the record itself, of a call that leaves no response.
 * @throws what the store throws; it ends the run.
 */
export async function record(
  { invocation, agent, branch }: InvocationContext,
  toolRecord: ToolRecord,
  written: Pick<CreateEventParams, "actions" | "stateRemoved"> = {},
): Promise<void> {
  await invocation.record(
    createEvent({
      id: invocation.newId(),
      timestamp: invocation.clock.now(),
      invocationId: invocation.id,
      author: agent.name,
      ...(branch === undefined ? {} : { branch }),
      toolRecord,
      ...written,
    }),
  );
}
