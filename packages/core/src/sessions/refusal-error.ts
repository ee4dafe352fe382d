import { AdkError } from "../errors.ts";
import type { Refusal, SessionKey } from "./session-store.ts";

/** What the refused command wanted, for the words. */
export interface RefusedCommand extends Pick<SessionKey, "sessionId"> {
  readonly eventId?: string;
  readonly expectedLastSequence?: number | undefined;
}

/** The error for what a store answered. */
export function refusalError(refusal: Refusal, command: RefusedCommand): AdkError {
  const { sessionId, eventId, expectedLastSequence } = command;
  const session = `Session ${JSON.stringify(sessionId)}`;
  switch (refusal.status) {
    case "not-found":
      return new AdkError(
        "SESSION_NOT_FOUND",
        `${session} does not exist for this app and user (or has expired). Check the three ids, or create it with \`createSession\`.`,
        { details: { sessionId } },
      );
    case "exists":
      return new AdkError(
        "SESSION_ALREADY_EXISTS",
        `${session} exists already. Use \`getOrCreateSession\`, another \`sessionId\`, or none to have one made up.`,
        { details: { sessionId } },
      );
    case "gone":
      return new AdkError(
        "SESSION_GONE",
        `${session} was deleted (and perhaps created again) after it was loaded. Load it again with \`getSession\`; nothing was written.`,
        { details: { sessionId } },
      );
    case "not-open":
      return new AdkError(
        "FAILED_PRECONDITION",
        `${session} does not run that invocation (any more); there is nothing to cancel.`,
        { details: { sessionId } },
      );
    case "id-conflict":
      return new AdkError(
        "EVENT_ID_CONFLICT",
        `${session} holds another event under the id ${JSON.stringify(eventId)}. Give each event an id of its own; \`createEvent\` does.`,
        { details: { sessionId, eventId, lastSequence: refusal.lastSequence } },
      );
    case "fenced":
      return new AdkError(
        "SESSION_FENCED",
        `The lease on session ${JSON.stringify(sessionId)} is no longer held: it was released, it lapsed and another holder took over, or the session was deleted. Stop this run; acquire a lease and load the session again to go on.`,
        { details: { sessionId, lastSequence: refusal.lastSequence } },
      );
    case "conflict":
      return new AdkError(
        "SESSION_CONFLICT",
        `${session} is at sequence ${refusal.lastSequence}, expected ${expectedLastSequence}. Reload it and append again.`,
        {
          retryable: true,
          details: { sessionId, found: refusal.lastSequence, expected: expectedLastSequence },
        },
      );
    case "busy":
      return busyError(sessionId, refusal.expiresInMs);
  }
}

export function busyError(sessionId: string, expiresInMs: number): AdkError {
  return new AdkError(
    "SESSION_BUSY",
    `Session ${JSON.stringify(sessionId)} is being run by another holder, whose lease ends in ${expiresInMs} ms unless it is renewed. Try again after \`details.expiresInMs\`, or stop the other run with the runner's \`cancel\`; \`answer\`, \`openSession\` and \`acquireLease\` can wait in line (\`waitMs\`).`,
    { retryable: true, details: { sessionId, expiresInMs } },
  );
}

/** A fork's end lies behind the end of its source. */
export function forkEndError(
  { sessionId, atSequence }: { readonly sessionId: string; readonly atSequence: number },
  lastSequence: number,
): AdkError {
  return new AdkError(
    "INVALID_ARGUMENT",
    `\`atSequence\` is ${atSequence}, but session ${JSON.stringify(sessionId)} ends at sequence ${lastSequence}. Give the sequence of one of its events, or 0 for a fork without events.`,
    { details: { sessionId, lastSequence } },
  );
}

/** A fork's id belongs to another session. */
export function forkTakenError(newSessionId: string): AdkError {
  return new AdkError(
    "SESSION_ALREADY_EXISTS",
    `\`newSessionId\`: session ${JSON.stringify(newSessionId)} exists already. Give the fork another id, or none to have one made up.`,
    { details: { sessionId: newSessionId } },
  );
}
