import type { InvocationContext } from "../../context/invocation-context.ts";
import { newEvent } from "../../context/new-event.ts";
import { encodeEvent } from "../../events/codec.ts";
import type { CreateEventParams, ToolRecord } from "../../events/event.ts";

/**
 * Stores what a tool call has left before its response event is there: a record, which no model and no caller sees.
 *
 * @param written what takes effect with the record itself, of a call that leaves no response.
 * @throws what the store throws; it ends the run.
 */
export async function record(
  context: InvocationContext,
  toolRecord: ToolRecord,
  written: Pick<CreateEventParams, "actions" | "stateRemoved"> = {},
): Promise<void> {
  await context.invocation.record(newEvent(context, { toolRecord, ...written }));
}

/**
 * Checks that what a call has left can be stored, where it leaves no record: by the size that its record would have.
 *
 * @throws AdkError `EVENT_TOO_LARGE`, `NOT_SERIALIZABLE`
 */
export function checkRecord(context: InvocationContext, toolRecord: ToolRecord): void {
  const { maxEventBytes } = context.sessionService;
  encodeEvent(newEvent(context, { id: toolRecord.callId, toolRecord }), { maxEventBytes });
}
