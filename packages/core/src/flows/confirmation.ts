import type { FunctionCall } from "../content/content.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { newEvent } from "../context/new-event.ts";
import type { Event } from "../events/event.ts";
import { generateClientFunctionCallId } from "../events/function-call-id.ts";
import { REQUEST_CONFIRMATION_FUNCTION_CALL_NAME } from "../events/framework-calls.ts";
import type { ToolConfirmation } from "../events/event-actions.ts";

/**
 * Asks a person to approve calls: one event with a call of the framework for each of them, which waits for the answer.
 *
 * @param requests what is asked, by the id of the call it is about.
 */
export function confirmationEvent(
  context: InvocationContext,
  calls: readonly FunctionCall[],
  requests: Readonly<Record<string, ToolConfirmation>>,
): Event | undefined {
  const asked = calls.flatMap((call) => {
    const request =
      call.id !== undefined && Object.hasOwn(requests, call.id) ? requests[call.id] : undefined;
    return request
      ? [{ call, request, id: generateClientFunctionCallId(context.invocation.newId) }]
      : [];
  });
  if (asked.length === 0) return undefined;
  return newEvent(context, {
    longRunningToolIds: asked.map(({ id }) => id),
    content: {
      role: "model",
      parts: asked.map(({ call, request, id }) => ({
        functionCall: {
          id,
          name: REQUEST_CONFIRMATION_FUNCTION_CALL_NAME,
          args: {
            originalFunctionCall: { id: call.id, name: call.name, args: call.args ?? {} },
            toolConfirmation: Object.assign({}, request),
          },
        },
      })),
    },
  });
}
