import type { InvocationContext } from "../../context/invocation-context.ts";
import { createEvent, type ToolRecord } from "../../events/event.ts";

/**
 * Stores what a tool call has left before its response event is there: a record, which no model and no caller sees.
 *
 * @throws what the store throws; it ends the run.
 */
export async function record(
  { invocation, agent, branch }: InvocationContext,
  toolRecord: ToolRecord,
): Promise<void> {
  await invocation.record(
    createEvent({
      id: invocation.newId(),
      timestamp: invocation.clock.now(),
      invocationId: invocation.id,
      author: agent.name,
      ...(branch === undefined ? {} : { branch }),
      toolRecord,
    }),
  );
}
