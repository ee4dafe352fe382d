import { type Event, type RunAsyncRequest, StreamingMode } from "@adk/core";
import { openRequests } from "./log.ts";
import type { Step } from "./shape.ts";
import { SESSION_ID, USER_ID } from "./universe.ts";

/** Goes on with the run of a request, whatever it said. */
export function idOf({ userId, sessionId, invocationId }: RunAsyncRequest): RunAsyncRequest {
  return { userId, sessionId, invocationId };
}

/** The request of a step; `undefined` when what it answers does not wait. */
export function requestOf(step: Step, log: readonly Event[]): RunAsyncRequest | undefined {
  const { invocationId, text, answers = [], stateDelta, streams } = step;
  const request: RunAsyncRequest = { userId: USER_ID, sessionId: SESSION_ID, invocationId };
  if (stateDelta) request.stateDelta = stateDelta;
  if (streams) request.runConfig = { streamingMode: StreamingMode.SSE };
  if (text !== undefined) return { ...request, newMessage: { role: "user", parts: [{ text }] } };
  if (answers.length === 0) return request;
  const open = openRequests(log);
  const parts = answers.flatMap(({ tool, response }) => {
    // A call that a person has to approve may be one that waits itself.
    const isApproval = Object.hasOwn(response, "confirmed");
    const index = open.findIndex(
      (call) => call.tool === tool && isApproval === (call.name !== tool),
    );
    const [call] = index === -1 ? [] : open.splice(index, 1);
    return call ? [{ functionResponse: { id: call.id, name: call.name, response } }] : [];
  });
  if (parts.length < answers.length) return undefined;
  return { ...request, newMessage: { role: "user", parts } };
}

/** Whether the log has the message of a request. */
export function isStored(
  { invocationId, newMessage }: RunAsyncRequest,
  log: readonly Event[],
): boolean {
  const parts = JSON.stringify(newMessage?.parts);
  return log.some(
    (event) =>
      event.author === "user" &&
      event.invocationId === invocationId &&
      JSON.stringify(event.content?.parts) === parts,
  );
}

/** Whether the log has what a step answers. */
export function isKnown(step: Step | undefined, log: readonly Event[]): boolean {
  return step?.answers !== undefined && requestOf(step, log) !== undefined;
}
