import type { Content, Part } from "../content/content.ts";
import type { RunConfig } from "../context/run-config.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { checkOptions, integer, type OptionCheck } from "../internal/check-options.ts";
import { copyJson, type Json } from "../internal/json.ts";
import { describeIssues } from "../internal/standard-schema.ts";
import { followingController } from "../internal/stopped.ts";
import { callStanding, type LoggedCall } from "../log/call-standing.ts";
import { REQUEST_CONFIRMATION_FUNCTION_CALL_NAME } from "../events/framework-calls.ts";
import { concernsPending } from "../log/pending.ts";
import type { AcquireLeaseRequest, OpenedSession } from "../sessions/requests.ts";
import type { SessionKey } from "../sessions/session-store.ts";
import type { Session } from "../sessions/session.ts";
import type { JsonSchema } from "../tools/schema/json-schema.ts";
import { validateJsonSchema } from "../tools/schema/validate-json-schema.ts";
import { CONFIRMATION_SCHEMA } from "./list-pending.ts";
import { sessionNotFound } from "./open.ts";
import { type CheckedRunRequest, checkRunRequest, RUN_REQUEST_OPTIONS } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";

export interface AnswerRequest {
  userId: string;
  sessionId: string;
  /** The call that waits. */
  callId: string;
  /**
   * The answer; `{ confirmed, payload? }` to a confirmation. It is checked against the schema that was stored with the call.
   * Anything but an object is stored as `{ result: … }`.
   */
  response: unknown;
  /** How long to wait while the session is busy, in milliseconds. @defaultValue 30,000 */
  waitMs?: number | undefined;
  runConfig?: RunConfig | undefined;
  /** Yields the stored answer first. @defaultValue false */
  yieldUserMessage?: boolean | undefined;
  /** While it waits: ends the wait (`ABORTED`), nothing is stored. Afterwards: stops the run, as in `runAsync`. */
  abortSignal?: AbortSignal | undefined;
}

export const ANSWER_OPTIONS: Readonly<Record<keyof AnswerRequest, OptionCheck>> = {
  userId: RUN_REQUEST_OPTIONS.userId,
  sessionId: RUN_REQUEST_OPTIONS.sessionId,
  callId: RUN_REQUEST_OPTIONS.userId,
  response: () => undefined,
  waitMs: integer(0),
  runConfig: RUN_REQUEST_OPTIONS.runConfig,
  yieldUserMessage: RUN_REQUEST_OPTIONS.yieldUserMessage,
  abortSignal: RUN_REQUEST_OPTIONS.abortSignal,
};

const DEFAULT_WAIT_MS = 30_000;

/** An answer that was checked as far as it can be without the session; nothing in it is shared with the caller. */
export interface CheckedAnswer {
  readonly callId: string;
  readonly response: Json;
  readonly waitMs: number;
  /** The run that it makes; its message lacks the name of the function, which the log has. */
  readonly run: CheckedRunRequest;
}

/** @throws AdkError `INVALID_ARGUMENT`, `NOT_SERIALIZABLE`, `UNSUPPORTED` */
export function checkAnswerRequest(request: AnswerRequest): CheckedAnswer {
  checkOptions("answer", request, ANSWER_OPTIONS);
  for (const name of ["userId", "sessionId", "callId", "response"] as const)
    if (request[name] === undefined)
      throw new AdkError("INVALID_ARGUMENT", `answer needs \`${name}\`.`);
  const { callId, waitMs = DEFAULT_WAIT_MS, response: given, ...rest } = request;
  const response = copyJson(given, { path: "response", blobs: true });
  return {
    callId,
    response,
    waitMs,
    run: checkRunRequest({ ...rest, newMessage: messageOf(callId, undefined, response) }),
  };
}

/**
 * Opens the session for an answer: takes its lease, and waits for that where it must. While it waits it follows the log and
 * gives up as soon as the call needs no answer any more. Under the lease the answer is checked for good.
 *
 * @returns what was opened, and the request of the run that goes on with it.
 * @throws AdkError `CALL_ALREADY_ANSWERED`, `CALL_EXPIRED`, `CALL_REWOUND`, `CALL_NOT_FOUND`, `INVALID_ARGUMENT` (the answer
 *   does not fit), `SESSION_BUSY`, `SESSION_NOT_FOUND`, `ABORTED`: nothing was written.
 */
export async function openForAnswer(
  settings: RunSettings,
  answer: CheckedAnswer,
  stopping: AbortSignal,
): Promise<{ opened: OpenedSession; request: CheckedRunRequest }> {
  const { appName, owner, leaseTtlMs: ttlMs } = settings;
  const { userId, sessionId, abortSignal } = answer.run;
  const key = { appName, userId, sessionId };
  const signal = abortSignal ? AbortSignal.any([stopping, abortSignal]) : stopping;
  const opened = await acquire(settings, { ...key, owner, ttlMs, signal }, answer);
  try {
    const logged = await waitingCall(settings, opened.session, answer);
    checkResponse(answer, logged);
    if (signal.aborted)
      throw new AdkError(
        "ABORTED",
        "The call was cancelled before it began; nothing was changed.",
        {
          cause: signal.reason,
          details: { committed: false },
        },
      );
    const message = messageOf(answer.callId, logged.call.name, answer.response);
    return { opened, request: { ...answer.run, message, answeredCallId: answer.callId } };
  } catch (error) {
    await opened.lease.release();
    throw error;
  }
}

/** The lease and the session: at once, or after a wait. */
async function acquire(
  settings: RunSettings,
  request: AcquireLeaseRequest & { signal: AbortSignal },
  answer: CheckedAnswer,
): Promise<OpenedSession> {
  const { sessionService, clock } = settings;
  const until = clock.now() + answer.waitMs;
  try {
    return await sessionService.openSession(request);
  } catch (error) {
    if (AdkError.isInstance(error, "SESSION_NOT_FOUND")) throw sessionNotFound(request);
    if (!AdkError.isInstance(error, "SESSION_BUSY")) throw error;
  }
  const { controller, unlink } = followingController(request.signal);
  let opening: Promise<OpenedSession> | undefined;
  try {
    const { appName, userId, sessionId } = request;
    const key = { appName, userId, sessionId };
    const session = await sessionService.getSession({ ...key, config: {}, signal: request.signal });
    if (!session) throw sessionNotFound(request);
    const events = [...session.events];
    refuseUnlessWaiting(settings, events, answer);
    const { signal } = controller;
    const watching = refuseOnceSettled(settings, events, answer, { ...request, signal });
    opening = sessionService.openSession({
      ...request,
      signal,
      waitMs: Math.max(0, until - clock.now()),
    });
    const opened = await Promise.race([opening, watching]);
    opening = undefined;
    return opened;
  } finally {
    unlink();
    controller.abort();
    // It may have been granted in the same moment.
    opening?.then(
      ({ lease }) => lease.release(),
      () => undefined,
    );
  }
}

/** Follows the log until the call needs no answer any more; then it rejects. It never resolves. */
async function refuseOnceSettled(
  settings: RunSettings,
  events: Event[],
  answer: CheckedAnswer,
  request: SessionKey & { signal: AbortSignal },
): Promise<never> {
  const { appName, userId, sessionId, signal } = request;
  const afterSequence = events.at(-1)?.sequence ?? 0;
  const key = { appName, userId, sessionId };
  const log = settings.sessionService.subscribe({ ...key, signal, afterSequence });
  for (;;) {
    let next: IteratorResult<Event, void>;
    try {
      next = await log.next();
    } catch (error) {
      settings.logger.debug(`The log of session ${sessionId} cannot be followed.`, { error });
      break; // Whoever gets the lease will know.
    }
    if (next.done) break;
    events.push(next.value);
    if (concernsPending(next.value)) refuseUnlessWaiting(settings, events, answer);
  }
  return await new Promise<never>(() => undefined);
}

/** The call, by what was loaded; by the whole log where that does not have it. */
async function waitingCall(
  settings: RunSettings,
  { appName, userId, id: sessionId, events, firstSequence }: Session,
  answer: CheckedAnswer,
): Promise<LoggedCall> {
  const now = settings.clock.now();
  const isWhole = firstSequence <= 1;
  if (isWhole || callStanding(events, answer.callId, now).kind === "waiting")
    return refuseUnlessWaiting(settings, events, answer);
  const whole = await settings.sessionService.getSession({ appName, userId, sessionId });
  return refuseUnlessWaiting(settings, whole?.events ?? events, answer);
}

function refuseUnlessWaiting(
  { clock }: RunSettings,
  events: readonly Event[],
  { callId, run: { sessionId } }: CheckedAnswer,
): LoggedCall {
  const standing = callStanding(events, callId, clock.now());
  const details = { sessionId, callId };
  switch (standing.kind) {
    case "waiting":
      return standing.logged;
    case "answered":
      throw new AdkError(
        "CALL_ALREADY_ANSWERED",
        `Call ${callId} in session ${sessionId} was answered, or its invocation was aborted: this answer counts for nothing. Load the session to see what came of it.`,
        { details },
      );
    case "expired":
      throw new AdkError(
        "CALL_EXPIRED",
        `Call ${callId} in session ${sessionId} could be answered until ${new Date(standing.expiresAt).toISOString()}. The model reads at the next run that nobody answered; send a message to go on.`,
        { details: { ...details, expiresAt: standing.expiresAt } },
      );
    case "rewound":
      throw new AdkError(
        "CALL_REWOUND",
        `Call ${callId} in session ${sessionId} was taken back by a rewind. Use listPending to see what waits now.`,
        { details },
      );
    case "unknown":
      throw new AdkError(
        "CALL_NOT_FOUND",
        `Session ${sessionId} has no call ${callId} that waits for an answer. Use an id that listPending gives.`,
        { details },
      );
  }
}

/** @throws AdkError `INVALID_ARGUMENT` that names where in the answer the problem is. */
function checkResponse({ callId, response }: CheckedAnswer, { call, pending }: LoggedCall): void {
  const schema =
    call.name === REQUEST_CONFIRMATION_FUNCTION_CALL_NAME
      ? CONFIRMATION_SCHEMA
      : pending?.responseSchema;
  if (schema === undefined) return;
  const issues = validateJsonSchema(schema as JsonSchema, response);
  if (issues.length === 0) return;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `answer: \`response\` does not fit what call ${callId} of ${call.name} takes: ${describeIssues(issues.slice(0, 20))}. Correct it and answer again.`,
    { details: { callId, paths: issues.map(({ path = [] }) => path.map(String).join(".")) } },
  );
}

function messageOf(id: string, name: string | undefined, response: Json): Content {
  const isObject = typeof response === "object" && response !== null && !Array.isArray(response);
  const part: Part = {
    functionResponse: {
      id,
      ...(name === undefined ? {} : { name }),
      response: (isObject ? response : { result: response }) as Record<string, unknown>,
    },
  };
  return { role: "user", parts: [part] };
}
