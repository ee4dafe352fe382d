import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { checkMembers, describe } from "../internal/check-options.ts";
import { idProblem } from "../internal/id-problem.ts";
import { REQUEST_MEMBERS, type RequestMethod } from "./request-members.ts";
import type { SessionKey } from "./session-store.ts";
import type { Session } from "./session.ts";

const MAX_DELTA_KEYS = 50_000;
const MAX_TITLE_LENGTH = 4_096;
const MAX_LABELS = 100;
const MAX_PAGE_SIZE = 1_000;
const DEFAULT_PAGE_SIZE = 100;

/** @throws {@link AdkError} `INVALID_ARGUMENT` */
export function invalid(message: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", message);
}

/** The request itself, without members that nobody reads. */
export function given<Request>(method: RequestMethod, request: Request): Request {
  if (typeof request !== "object" || request === null)
    throw invalid(`The request of ${method} is missing. Pass one object: { appName, userId, … }.`);
  checkMembers(method, request, REQUEST_MEMBERS[method]);
  return request;
}

/** An id as all stores can keep it: 1–512 bytes, well-formed, without NUL. */
export function checkId(name: string, value: unknown): asserts value is string {
  // At most three bytes a character: what is this short needs no counting.
  if (
    typeof value === "string" &&
    value.length > 0 &&
    value.length <= 170 &&
    value.isWellFormed() &&
    !value.includes("\0")
  )
    return;
  const problem = idProblem(value);
  if (problem)
    throw invalid(
      `\`${name}\` ${problem}. It must be well-formed text of 1–512 bytes in UTF-8, without NUL.`,
    );
}

export function checkKey(request: SessionKey): SessionKey {
  const { appName, userId, sessionId } = request;
  checkId("appName", appName);
  checkId("userId", userId);
  checkId("sessionId", sessionId);
  return { appName, userId, sessionId };
}

/** A whole number within bounds; `undefined` passes. */
export function checkInteger(
  name: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined) return;
  if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max)
    throw invalid(
      `\`${name}\` must be a whole number ${max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`}, got ${describe(value)}.`,
    );
}

export function checkPageSize(value: number | undefined): number {
  checkInteger("pageSize", value, 1, MAX_PAGE_SIZE);
  return value ?? DEFAULT_PAGE_SIZE;
}

export function checkPageToken(value: unknown): void {
  if (value !== undefined && typeof value !== "string")
    throw invalid(
      `\`pageToken\` must be the \`nextPageToken\` of the page before, got ${describe(value)}.`,
    );
}

export function checkTitle(value: unknown): void {
  if (value === undefined) return;
  if (
    typeof value !== "string" ||
    value.length > MAX_TITLE_LENGTH ||
    !value.isWellFormed() ||
    value.includes("\0")
  )
    throw invalid(
      `\`title\` must be well-formed text of up to ${MAX_TITLE_LENGTH} characters without NUL, got ${describe(value)}.`,
    );
}

/** @param isPatch whether `null` is allowed, to remove a label. */
export function checkLabels(value: unknown, isPatch: boolean): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(`\`labels\` must be an object of texts, got ${describe(value)}.`);
  const labels = Object.entries(value);
  if (labels.length > MAX_LABELS)
    throw invalid(`\`labels\` may hold ${MAX_LABELS} labels, got ${labels.length}.`);
  for (const [name, label] of labels) {
    checkId("label name", name);
    if (label !== "" && !(isPatch && label === null)) checkId(`labels.${name}`, label);
  }
}

/** Keys of a state or of a delta, prefix included. */
export function checkStateKeys(path: string, state: unknown): void {
  if (typeof state !== "object" || state === null || Array.isArray(state))
    throw invalid(`\`${path}\` must be an object of values by key, got ${describe(state)}.`);
  let count = 0;
  for (const key of Object.keys(state)) {
    checkId(`${path}: a state key`, key);
    if (++count > MAX_DELTA_KEYS)
      throw invalid(`\`${path}\` may name ${MAX_DELTA_KEYS} keys at once. Write it in parts.`);
  }
}

/** What an event must have before it may be stored. Its values are checked when they are encoded. */
export function checkEvent(event: Event): void {
  if (typeof event !== "object" || event === null)
    throw invalid(
      `\`event\` must be an event, got ${describe(event)}. Make one with \`createEvent\`.`,
    );
  checkId("event.id", event.id);
  if (typeof event.invocationId !== "string" || typeof event.author !== "string")
    throw invalid(
      "`event.invocationId` and `event.author` must be texts. Make the event with `createEvent`.",
    );
  if (!Number.isSafeInteger(event.timestamp))
    throw invalid(
      `\`event.timestamp\` must be a whole number of milliseconds since the Unix epoch, got ${describe(event.timestamp)}.`,
    );
  const { actions, stateRemoved } = event;
  if (actions !== undefined) {
    if (typeof actions !== "object" || actions === null)
      throw invalid(`\`event.actions\` must be an object, got ${describe(actions)}.`);
    if (actions.stateDelta !== undefined)
      checkStateKeys("event.actions.stateDelta", actions.stateDelta);
  }
  if (stateRemoved === undefined) return;
  if (!Array.isArray(stateRemoved) || stateRemoved.length > MAX_DELTA_KEYS)
    throw invalid(
      `\`event.stateRemoved\` must be a list of up to ${MAX_DELTA_KEYS} state keys, got ${describe(stateRemoved)}.`,
    );
  for (const key of stateRemoved) checkId("event.stateRemoved: a state key", key);
}

/** A session as a service returned it. */
export function checkSession(session: Session): SessionKey {
  if (
    typeof session !== "object" ||
    session === null ||
    typeof session.incarnation !== "string" ||
    !Number.isSafeInteger(session.lastSequence)
  )
    throw invalid(
      `\`session\` must be a session that a session service returned, got ${describe(session)}. Load it with \`getSession\` or make it with \`createSession\`.`,
    );
  return checkKey({ appName: session.appName, userId: session.userId, sessionId: session.id });
}
