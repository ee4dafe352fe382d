import type { FunctionCall, FunctionResponse, Part } from "../../content/content.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import { newEvent } from "../../context/new-event.ts";
import type { EventActions } from "../../events/event-actions.ts";
import type { Event } from "../../events/event.ts";
import { mergeEventActions } from "../../events/merge-event-actions.ts";
import { mergeState } from "./merge-state.ts";

/** What one call of a batch has left: in this process, or in a record. */
export interface CallResult {
  readonly call: FunctionCall;
  /** Absent for a call that waits. */
  readonly response: Record<string, unknown> | undefined;
  readonly actions: Partial<EventActions> | undefined;
  readonly stateRemoved: readonly string[] | undefined;
  /** State containers that it changed in place, whole. */
  readonly inPlace: Readonly<Record<string, unknown>> | undefined;
  /** Whether all that it wrote is stored with its record: it gave no response. */
  readonly isStored: boolean;
}

/**
 * One event with the responses of a batch, and with all that the tools wrote.
 *
 * @param inCallOrder responses, and actions where two calls wrote the same, are in this order.
 * @param asFinished containers that several calls changed in place are as the last of them left them.
 */
export function responseEvent(
  context: InvocationContext,
  inCallOrder: readonly CallResult[],
  asFinished: readonly CallResult[],
): Event | undefined {
  const parts = inCallOrder.flatMap(({ call, response }): Part[] =>
    response ? [{ functionResponse: responseOf(call, response) }] : [],
  );
  const { stateDelta, stateRemoved } = mergeState(
    inCallOrder,
    asFinished,
    context.invocation.state,
  );
  const actions = {
    ...mergeEventActions(inCallOrder.map((result) => result.actions)),
    stateDelta,
  };
  if (parts.length === 0 && stateRemoved.length === 0 && isEmpty(actions)) return undefined;
  const event = newEvent(context, { actions });
  if (parts.length > 0) event.content = { role: "user", parts };
  if (stateRemoved.length > 0) event.stateRemoved = [...stateRemoved];
  return event;
}

function responseOf(
  { id, name }: FunctionCall,
  response: Record<string, unknown>,
): FunctionResponse {
  return {
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    response,
  };
}

function isEmpty(actions: object): boolean {
  return Object.values(actions).every((value) =>
    typeof value === "object" && value !== null
      ? Object.keys(value).length === 0
      : value === undefined,
  );
}
