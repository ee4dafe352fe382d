import type { BaseArtifactService } from "../artifacts/base-artifact-service.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { checkOptions, integer, type OptionCheck } from "../internal/check-options.ts";
import { idProblem } from "../internal/id-problem.ts";
import { savedVersions } from "../log/artifact-versions.ts";
import { startOfInvocation } from "../log/rewind.ts";
import { forkEndError, forkTakenError, refusalError } from "../sessions/refusal-error.ts";
import type { Cancellable } from "../sessions/requests.ts";
import type { Session } from "../sessions/session.ts";
import { RUN_REQUEST_OPTIONS } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";
import { takeBackCopies } from "./take-back-copies.ts";

/** Where the fork ends is said by `beforeInvocationId` or by `atSequence`. */
export interface RunnerForkSessionRequest extends Cancellable {
  userId: string;
  sessionId: string;
  /** The fork ends before this invocation's first event. One that was rewound will do too. */
  beforeInvocationId?: string | undefined;
  /** The fork's last event; 0 for none. */
  atSequence?: number | undefined;
  /** Made up when absent or blank. */
  newSessionId?: string | undefined;
  /** @defaultValue the title of the session */
  title?: string | undefined;
  /** @defaultValue the labels of the session */
  labels?: Record<string, string> | undefined;
}

const FORK_OPTIONS: Readonly<Record<keyof RunnerForkSessionRequest, OptionCheck>> = {
  userId: RUN_REQUEST_OPTIONS.userId,
  sessionId: RUN_REQUEST_OPTIONS.sessionId,
  beforeInvocationId: RUN_REQUEST_OPTIONS.invocationId,
  atSequence: integer(0),
  newSessionId: (value) =>
    isBlank(value) || !idProblem(value) ? undefined : "an id: 1–512 bytes of well-formed text",
  title: "string",
  labels: "object",
  signal: RUN_REQUEST_OPTIONS.abortSignal,
};

/**
 * A session with the beginning of another one and a future of its own. Artifacts are copied first, so that no fork is
 * without them; when somebody else has taken the id meanwhile, the copies are removed.
 */
export async function fork(
  settings: RunSettings,
  artifactService: BaseArtifactService | undefined,
  request: RunnerForkSessionRequest,
): Promise<Session> {
  checkRequest(request);
  const { appName, sessionService, newId } = settings;
  const { userId, sessionId, title, labels, signal } = request;
  const newSessionId = isBlank(request.newSessionId) ? newId() : (request.newSessionId as string);
  const key = { appName, userId, sessionId };
  const source = await sessionService.getSession({ ...key, signal });
  if (source === undefined) throw refusalError({ status: "not-found" }, key);
  const atSequence = endOf(request, source);
  const config = { numRecentEvents: 0 };
  // Before anything is copied into it.
  if (await sessionService.getSession({ ...key, sessionId: newSessionId, config, signal }))
    throw forkTakenError(newSessionId);
  const versions = savedVersions(source.events.slice(0, atSequence));
  if (versions.length > 0 && artifactService === undefined)
    throw new AdkError(
      "FAILED_PRECONDITION",
      "The session has artifacts, which a fork takes along. Give the runner the `artifactService` that keeps them.",
    );
  const copies = versions.length > 0 ? artifactService : undefined;
  const command = { ...key, newSessionId, signal };
  try {
    await copies?.copySessionArtifacts({ ...command, versions });
    return await sessionService.forkSession({ ...command, atSequence, title, labels });
  } catch (error) {
    if (copies && isTaken(error))
      await takeBackCopies(settings, copies, { ...key, sessionId: newSessionId }, versions);
    throw error;
  }
}

/** Whether somebody else has created the session, or copies into it, since it was looked for. */
function isTaken(error: unknown): boolean {
  return (
    AdkError.isInstance(error, "SESSION_ALREADY_EXISTS") ||
    AdkError.isInstance(error, "ARTIFACT_CONFLICT")
  );
}

/** @throws AdkError `INVALID_ARGUMENT` */
function checkRequest(request: RunnerForkSessionRequest): void {
  checkOptions("forkSession", request, FORK_OPTIONS);
  for (const name of ["userId", "sessionId"] as const)
    if (request[name] === undefined)
      throw new AdkError("INVALID_ARGUMENT", `forkSession needs \`${name}\`.`);
  if ((request.beforeInvocationId === undefined) === (request.atSequence === undefined))
    throw new AdkError(
      "INVALID_ARGUMENT",
      "forkSession needs `beforeInvocationId` or `atSequence`, where the fork ends, and not both.",
    );
}

/** Sequence of the fork's last event. */
function endOf(
  { beforeInvocationId: invocationId, atSequence }: RunnerForkSessionRequest,
  { id: sessionId, events, lastSequence }: Session,
): number {
  if (atSequence !== undefined && atSequence > lastSequence)
    throw forkEndError({ sessionId, atSequence }, lastSequence);
  if (atSequence !== undefined) return atSequence;
  const isOfIt = (event: Event): boolean => event.invocationId === invocationId;
  const start = startOfInvocation(events, invocationId ?? "") ?? events.findIndex(isOfIt);
  if (start !== -1) return start;
  throw new AdkError(
    "INVOCATION_NOT_FOUND",
    `This session has no invocation ${invocationId} to fork before. Use the \`invocationId\` of one of its events.`,
    { details: { invocationId } },
  );
}

function isBlank(id: unknown): boolean {
  return id === undefined || id === null || (typeof id === "string" && id.trim() === "");
}
