import {
  scopeArtifactService,
  type SessionArtifactService,
} from "../artifacts/session-artifact-service.ts";
import type { BaseArtifactService } from "../artifacts/base-artifact-service.ts";
import { AdkError } from "../errors.ts";
import { createEvent, type Event } from "../events/event.ts";
import { checkOptions, type OptionCheck } from "../internal/check-options.ts";
import { setOwn } from "../internal/json.ts";
import { artifactVersions } from "../log/artifact-versions.ts";
import { isRewound, startOfInvocation } from "../log/rewind.ts";
import { sessionDifference, stateAt } from "../log/state-at.ts";
import { refusalError } from "../sessions/refusal-error.ts";
import type { Cancellable, HeaderChange, OpenedSession } from "../sessions/requests.ts";
import type { Session } from "../sessions/session.ts";
import { RUN_REQUEST_OPTIONS } from "./run-request.ts";
import type { RunSettings } from "./run-settings.ts";

export interface RewindRequest extends Cancellable {
  userId: string;
  sessionId: string;
  /** The first invocation that is taken back, with everything that came after its beginning. */
  rewindBeforeInvocationId: string;
}

const REWIND_OPTIONS: Readonly<Record<keyof RewindRequest, OptionCheck>> = {
  userId: RUN_REQUEST_OPTIONS.userId,
  sessionId: RUN_REQUEST_OPTIONS.sessionId,
  rewindBeforeInvocationId: RUN_REQUEST_OPTIONS.invocationId,
  signal: RUN_REQUEST_OPTIONS.abortSignal,
};

/**
 * Takes an invocation back, and everything after it, by one more event under the lease; the log keeps all of it.
 *
 * Artifacts are restored first, as new versions. When the event then cannot be stored, the restored content stays the
 * latest version, and a rewind that is tried again comes to the same end. An event that somebody appends in the meantime is
 * taken back too, and what it changed is restored.
 */
export async function rewind(
  settings: RunSettings,
  artifactService: BaseArtifactService | undefined,
  request: RewindRequest,
): Promise<void> {
  checkRequest(request);
  const { appName, sessionService, owner, leaseTtlMs: ttlMs } = settings;
  const { userId, sessionId, signal } = request;
  const key = { appName, userId, sessionId };
  const opened = await sessionService.openSession({ ...key, owner, ttlMs, signal });
  const { lease, openInvocationId } = opened;
  let session: Session | undefined;
  try {
    const artifacts = artifactService && scopeArtifactService(artifactService, { ...key, signal });
    for (let isStored = false; !isStored;) {
      const config = { includeInitialState: true };
      session = await sessionService.getSession({ ...key, config, signal });
      if (session?.incarnation !== opened.session.incarnation)
        throw refusalError({ status: "gone" }, key);
      const start = startOf(request, session.events);
      const event = await rewindEvent(settings, request, { session, start, artifacts });
      isStored = await tryToStore(settings, { opened, session, event, start, signal });
    }
  } finally {
    const isGone =
      session !== undefined &&
      openInvocationId !== undefined &&
      isRewound(session.events, openInvocationId);
    await lease.release(isGone ? { ended: openInvocationId } : {});
  }
}

/** @throws AdkError `INVALID_ARGUMENT` */
function checkRequest(request: RewindRequest): void {
  checkOptions("rewindAsync", request, REWIND_OPTIONS);
  for (const name of ["userId", "sessionId", "rewindBeforeInvocationId"] as const)
    if (request[name] === undefined)
      throw new AdkError("INVALID_ARGUMENT", `rewindAsync needs \`${name}\`.`);
}

/** Index of the first event to be taken back. */
function startOf(
  { rewindBeforeInvocationId: invocationId }: RewindRequest,
  events: readonly Event[],
): number {
  const start = startOfInvocation(events, invocationId);
  if (start !== undefined) return start;
  throw new AdkError(
    "INVOCATION_NOT_FOUND",
    isRewound(events, invocationId)
      ? `Invocation ${invocationId} was rewound already. Give an invocation that came before it, or use \`forkSession\`.`
      : `This session has no invocation ${invocationId} to rewind. Use the \`invocationId\` of one of its events.`,
    { details: { invocationId } },
  );
}

interface Restoring {
  /** With the whole log and the initial state. */
  readonly session: Session;
  /** Index of the first event that is taken back. */
  readonly start: number;
  readonly artifacts: SessionArtifactService | undefined;
}

async function rewindEvent(
  { newId, clock, pluginManager: { redaction } }: RunSettings,
  { rewindBeforeInvocationId }: RewindRequest,
  { session, start, artifacts }: Restoring,
): Promise<Event> {
  const { events, state, initialState = {} } = session;
  const rewoundFrom = events[start]?.sequence;
  const before = stateAt(initialState, events.slice(0, start));
  const { stateDelta, stateRemoved } = sessionDifference(state, before);
  const artifactDelta = await restoreArtifacts(artifacts, events, start);
  const event = createEvent({
    id: newId(),
    timestamp: clock.now(),
    invocationId: `e-${newId()}`,
    author: "user",
    ...(rewoundFrom === undefined ? {} : { rewoundFrom }),
    ...(stateRemoved.length === 0 ? {} : { stateRemoved }),
    actions: { rewindBeforeInvocationId, stateDelta, artifactDelta },
  });
  return redaction?.whole(event) ?? event;
}

/** The content of a removed artifact: it loads as `undefined`. */
const REMOVED = { inlineData: { data: "", mimeType: "application/octet-stream" } };

/**
 * Saves what the artifacts were at before `start` as their next versions.
 *
 * @throws AdkError `FAILED_PRECONDITION` without an artifact service; what the service throws.
 */
async function restoreArtifacts(
  artifacts: SessionArtifactService | undefined,
  events: readonly Event[],
  start: number,
): Promise<Record<string, number>> {
  const artifactDelta: Record<string, number> = {};
  const before = artifactVersions(events.slice(0, start));
  for (const [filename, current] of artifactVersions(events)) {
    const version = before.get(filename);
    if (version === current) continue;
    if (artifacts === undefined)
      throw new AdkError(
        "FAILED_PRECONDITION",
        `The rewind has to restore artifact ${JSON.stringify(filename)}. Give the runner the \`artifactService\` that keeps it.`,
        { details: { filename } },
      );
    setOwn(artifactDelta, filename, await restoreArtifact(artifacts, filename, version));
  }
  return artifactDelta;
}

async function restoreArtifact(
  artifacts: SessionArtifactService,
  filename: string,
  version: number | undefined,
): Promise<number> {
  const artifact =
    version === undefined ? undefined : await artifacts.loadArtifact({ filename, version });
  if (artifact === undefined) return await artifacts.saveArtifact({ filename, artifact: REMOVED });
  const { customMetadata = {} } = (await artifacts.getArtifactVersion({ filename, version })) ?? {};
  return await artifacts.saveArtifact({
    filename,
    artifact,
    ...(Object.keys(customMetadata).length === 0 ? {} : { customMetadata }),
  });
}

interface Storing extends Cancellable {
  readonly opened: OpenedSession;
  readonly session: Session;
  readonly event: Event;
  readonly start: number;
}

/** @returns false when somebody was faster: the event does not restore what that one has changed. */
async function tryToStore(
  { sessionService }: RunSettings,
  { opened, session, event, start, signal }: Storing,
): Promise<boolean> {
  try {
    await sessionService.appendEvent({
      session,
      event,
      lease: opened.lease,
      expectedLastSequence: session.lastSequence,
      header: headerAfter(opened, session.events[start]),
      signal,
    });
    return true;
  } catch (error) {
    if (AdkError.isInstance(error, "SESSION_CONFLICT")) return false;
    throw error;
  }
}

/** Where summaries are taken back, the events that they stood for are needed again. */
function headerAfter({ session, kept }: OpenedSession, start: Event | undefined): HeaderChange {
  const from = start?.sequence ?? 1;
  const isSummaryTakenBack = [...kept, ...session.events].some(
    ({ actions, sequence = 0 }) => actions.compaction !== undefined && sequence >= from,
  );
  if (session.firstSequence <= 1 || (from >= session.firstSequence && !isSummaryTakenBack))
    return {};
  return { windowFrom: 1, kept: null };
}
