import type { FunctionCall } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, integer, type OptionCheck } from "../internal/check-options.ts";
import { deepFreeze, getOwn } from "../internal/json.ts";
import { type LoggedCall, loggedCalls } from "../log/call-standing.ts";
import { REQUEST_CONFIRMATION_FUNCTION_CALL_NAME } from "../events/framework-calls.ts";
import { pendingCalls } from "../log/pending.ts";
import { liveEvents } from "../log/rewind.ts";
import type { Cancellable } from "../sessions/requests.ts";
import type { PendingCallInfo, Session } from "../sessions/session.ts";
import type { JsonSchema } from "../tools/schema/json-schema.ts";
import { sessionNotFound } from "./open.ts";
import { RUN_REQUEST_OPTIONS } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";

/** Something that waits for an answer from outside: answer it with `Runner.answer`. */
export interface PendingRequest {
  sessionId: string;
  callId: string;
  /** Of the function; `adk_request_confirmation` for a confirmation. */
  name: string;
  /** A call of a long-running tool, or the question whether a call may be made. */
  kind: "call" | "confirmation";
  /** The agent that asks. */
  agent: string;
  /** A position in the log, not a time: the sequence of the first event of the invocation that waits. */
  since: number;
  /** Milliseconds since the Unix epoch after which nobody may answer any more. */
  expiresAt?: number | undefined;
  /** JSON Schema of the answer; of a confirmation always there. */
  responseSchema?: unknown;
  /** The call of the outermost agent tool inside which this one waits. */
  via?: string | undefined;

  // What only the log knows: there when a session was asked for.
  /** The invocation that waits. */
  invocationId?: string | undefined;
  /** Milliseconds since the Unix epoch when it was asked. */
  askedAt?: number | undefined;
  args?: Record<string, unknown> | undefined;
  /** Of a confirmation: what the person is asked. */
  hint?: string | undefined;
  /** Of a confirmation: data of the tool's own. */
  payload?: unknown;
  /** Of a confirmation: the call that it is about. */
  originalCall?: FunctionCall | undefined;
}

export interface ListPendingRequest extends Cancellable {
  userId: string;
  /** All sessions of the user when absent. */
  sessionId?: string | undefined;
  /** How many sessions, 1–1,000; only without `sessionId`. @defaultValue 100 */
  pageSize?: number | undefined;
  /** Only without `sessionId`. */
  pageToken?: string | undefined;
}

export interface ListPendingResponse {
  requests: PendingRequest[];
  /** Absent on the last page, and with a `sessionId`. */
  nextPageToken?: string | undefined;
}

export const LIST_PENDING_OPTIONS: Readonly<Record<keyof ListPendingRequest, OptionCheck>> = {
  userId: RUN_REQUEST_OPTIONS.userId,
  sessionId: RUN_REQUEST_OPTIONS.sessionId,
  pageSize: integer(1, 1_000),
  pageToken: "string",
  signal: RUN_REQUEST_OPTIONS.abortSignal,
};

/** What the answer to a request for confirmation looks like. */
export const CONFIRMATION_SCHEMA: JsonSchema = deepFreeze({
  type: "object",
  properties: { confirmed: { type: "boolean" } },
  required: ["confirmed"],
});

/** What waits in one session, by its log, or in all sessions of a user, by their headers alone. */
export async function listPending(
  settings: RunSettings,
  request: ListPendingRequest,
): Promise<ListPendingResponse> {
  checkOptions("listPending", request, LIST_PENDING_OPTIONS);
  const { userId, sessionId, pageSize, pageToken, signal } = request;
  if (userId === undefined)
    throw new AdkError("INVALID_ARGUMENT", "listPending needs `userId`: whose requests to list.");
  const { appName, sessionService, clock } = settings;
  if (sessionId !== undefined) {
    for (const name of ["pageSize", "pageToken"] as const)
      if (request[name] !== undefined)
        throw new AdkError(
          "INVALID_ARGUMENT",
          `listPending takes no \`${name}\` beside a \`sessionId\`: all requests of a session come at once. Leave it out.`,
        );
    const key = { appName, userId, sessionId };
    const session = await sessionService.getSession({ ...key, signal });
    if (!session) throw sessionNotFound(key);
    return { requests: requestsOfLog(session, clock.now()) };
  }
  const page = await sessionService.listSessions({
    appName,
    userId,
    pending: true,
    pageSize,
    pageToken,
    signal,
  });
  const requests = page.sessions.flatMap((session) =>
    Object.entries(session.pendingCalls)
      .filter(([, info]) => !isExpired(info, clock.now()))
      .map(([callId, info]) => requestOf(session.id, callId, info)),
  );
  return page.nextPageToken === undefined
    ? { requests }
    : { requests, nextPageToken: page.nextPageToken };
}

function requestsOfLog({ id, events }: Session, now: number): PendingRequest[] {
  const pending = pendingCalls(events);
  const requests: Map<string, PendingRequest> = new Map();
  for (const event of liveEvents(events))
    for (const logged of loggedCalls(event)) {
      const callId = logged.call.id ?? "";
      const info = getOwn(pending, callId);
      if (info === undefined || isExpired(info, now)) continue;
      const { invocationId } = event;
      requests.set(callId, {
        ...requestOf(id, callId, info),
        ...detailsOf(logged),
        invocationId,
      });
    }
  return [...requests.values()];
}

function requestOf(sessionId: string, callId: string, info: PendingCallInfo): PendingRequest {
  const { name, agent, since, expiresAt, responseSchema, via } = info;
  const isConfirmation = name === REQUEST_CONFIRMATION_FUNCTION_CALL_NAME;
  const schema = isConfirmation ? CONFIRMATION_SCHEMA : responseSchema;
  return {
    sessionId,
    callId,
    name,
    kind: isConfirmation ? "confirmation" : "call",
    agent,
    since,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(schema === undefined ? {} : { responseSchema: schema }),
    ...(via === undefined ? {} : { via }),
  };
}

function detailsOf({ call, event }: LoggedCall): Partial<PendingRequest> {
  const { args = {} } = call;
  const details: Partial<PendingRequest> = { askedAt: event.timestamp, args };
  if (call.name !== REQUEST_CONFIRMATION_FUNCTION_CALL_NAME) return details;
  // As the framework writes them; a log from elsewhere may have something else there.
  const { hint, payload } = (args["toolConfirmation"] ?? {}) as Partial<PendingRequest>;
  if (hint !== undefined) details.hint = hint;
  if (payload !== undefined) details.payload = payload;
  details.originalCall = (args["originalFunctionCall"] ?? {}) as FunctionCall;
  return details;
}

function isExpired({ expiresAt }: PendingCallInfo, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}
