import { strict as assert } from "node:assert";
import { AdkError, type AdkErrorCode } from "../../errors.ts";
import { createEvent, type CreateEventParams, type Event } from "../../events/event.ts";
import type { BaseSessionService } from "../../sessions/base-session-service.ts";
import type { GetSessionConfig } from "../../sessions/requests.ts";
import type { Session } from "../../sessions/session.ts";
import type { SessionKey, SessionStore } from "../../sessions/session-store.ts";
import { notApplicable } from "../suite.ts";
import type { SessionSubject } from "./subject.ts";

export const KEY: SessionKey = { appName: "app", userId: "user", sessionId: "session" };

/** The time to live of leases that a case lets lapse, and what is surely longer. */
export const SHORT_MS = 500;
export const LAPSE_MS = 650;
/** The time to live of leases that last for the whole case. */
export const LONG_MS = 600_000;

/** An event of the user that says `text`. */
export function message(text: string, more: CreateEventParams = {}): Event {
  return createEvent({
    author: "user",
    invocationId: "e-1",
    timestamp: 1_000,
    content: { role: "user", parts: [{ text }] },
    ...more,
  });
}

/** An event that says `text` and changes state. */
export function change(text: string, stateDelta: Record<string, unknown>): Event {
  return message(text, { actions: { stateDelta } });
}

/** An event of the agent `clerk` whose call waits for an answer, and what the header says of it at sequence 1. */
export function asking(callId: string): { event: Event; pendingCalls: Session["pendingCalls"] } {
  const details = { expiresAt: 9_000_000_000_000, responseSchema: { type: "string" } };
  const event = createEvent({
    author: "clerk",
    invocationId: "e-1",
    timestamp: 1_000,
    content: { role: "model", parts: [{ functionCall: { id: callId, name: "ask", args: {} } }] },
    longRunningToolIds: [callId],
    pending: { [callId]: details },
  });
  return {
    event,
    pendingCalls: { [callId]: { since: 1, agent: "clerk", name: "ask", ...details } },
  };
}

/** The user's answer to such a call. */
export function answer(callId: string): Event {
  const functionResponse = { id: callId, name: "ask", response: { result: "yes" } };
  return message("", { content: { role: "user", parts: [{ functionResponse }] } });
}

export function textsOf(events: readonly Event[]): string[] {
  return events.map((event) => event.content?.parts?.[0]?.text ?? "");
}

export function sequencesOf(events: readonly Event[]): (number | undefined)[] {
  return events.map((event) => event.sequence);
}

/** `from`, `from + 1` … `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_item, index) => from + index);
}

/** The session as stored now; the case fails when there is none. */
export async function load(
  service: BaseSessionService,
  key: SessionKey = KEY,
  config?: GetSessionConfig,
): Promise<Session> {
  const session = await service.getSession({ ...pick(key), config });
  assert.ok(session, `session ${key.sessionId} is gone`);
  return session;
}

/** All state of a session, as plain data: snapshots may have any prototype. */
export async function stateOf(
  service: BaseSessionService,
  key: SessionKey = KEY,
): Promise<Record<string, unknown>> {
  return plain((await load(service, key)).state);
}

/** Appends texts one after the other through one handle. */
export async function appendTexts(
  service: BaseSessionService,
  session: Session,
  texts: readonly string[],
): Promise<void> {
  for (const text of texts) await service.appendEvent({ session, event: message(text) });
}

/** The key members of something that has more. */
function pick({ appName, userId, sessionId }: SessionKey): SessionKey {
  return { appName, userId, sessionId };
}

export function keyOf(session: Session): SessionKey {
  return { appName: session.appName, userId: session.userId, sessionId: session.id };
}

/** A deep copy without prototypes or frozenness, for comparisons. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function describe(outcome: unknown): string {
  return outcome instanceof Error ? `${outcome.name}: ${outcome.message}` : String(outcome);
}

/** Lets time pass for the store. */
export async function pass(subject: SessionSubject, ms: number): Promise<void> {
  if (subject.clock) await subject.clock.advance(ms);
  else await new Promise<void>((resolve) => setTimeout(resolve, ms));
}

/** Waits for something that may need time to pass: at most 20 seconds. */
export async function settle<T>(subject: SessionSubject, promise: Promise<T>): Promise<T> {
  const late = new Error("It did not happen within 20 seconds.");
  if (!subject.clock) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(late), 20_000);
    });
    try {
      return await Promise.race([promise, limit]);
    } finally {
      clearTimeout(timer);
    }
  }
  let open = true;
  const settled = (): void => {
    open = false;
  };
  promise.then(settled, settled);
  await subject.clock.advance(0);
  for (let waitedMs = 0; open && waitedMs < 20_000; waitedMs += 50) await subject.clock.advance(50);
  if (!open) return await promise;
  promise.catch(() => undefined);
  throw late;
}

/** A promise that the case awaits later: until then nobody need look at it. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The next `count` items of a stream. */
export async function take<T>(
  subject: SessionSubject,
  iterator: AsyncIterator<T>,
  count: number,
): Promise<T[]> {
  const items: T[] = [];
  while (items.length < count) {
    const next = await settle(subject, iterator.next());
    if (next.done) assert.fail(`the stream ended after ${items.length} of ${count} items`);
    items.push(next.value);
  }
  return items;
}

/**
 * Repeats a check of `app:` state until it holds, where the store shows `app:` state a moment after the append
 * (`atomicAppState: false`); elsewhere it must hold at once.
 */
export async function appStateShows(
  subject: SessionSubject,
  check: () => Promise<void>,
): Promise<void> {
  if (subject.capabilities?.atomicAppState !== false) return await check();
  for (let attempt = 0; attempt < 40; attempt++) {
    try {
      return await check();
    } catch {
      await pass(subject, 50);
    }
  }
  await check();
}

/** All items of a listing, page by page; fails when a page is empty in the middle or the walk does not end. */
export async function walk<Item>(
  page: (
    pageToken: string | undefined,
  ) => Promise<{ items: Item[]; nextPageToken?: string | undefined }>,
): Promise<Item[]> {
  const all: Item[] = [];
  let token: string | undefined;
  for (let pages = 0; pages < 2_000; pages++) {
    const { items, nextPageToken } = await page(token);
    all.push(...items);
    if (nextPageToken === undefined) return all;
    token = nextPageToken;
  }
  return assert.fail("the listing did not end after 2,000 pages");
}

/** Ids of all sessions that a listing shows, in its order. */
export async function listedIds(
  service: BaseSessionService,
  request: Parameters<BaseSessionService["listSessions"]>[0],
): Promise<string[]> {
  return await walk(async (pageToken) => {
    const response = await service.listSessions({ ...request, pageToken });
    return {
      items: response.sessions.map((session) => session.id),
      nextPageToken: response.nextPageToken,
    };
  });
}

/** Tries to change everything reachable from `value`; frozen parts resist. */
export function vandalize(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) vandalize((value as Record<string, unknown>)[key]);
  try {
    if (Array.isArray(value)) {
      value.push("vandal");
      value[0] = "vandal";
    } else {
      const record = value as Record<string, unknown>;
      for (const key of Object.keys(record)) record[key] = "vandal";
      record["vandal"] = true;
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

/** The store under the services, or the end of the case. */
export async function storeOf(subject: SessionSubject): Promise<SessionStore> {
  if (!subject.openStore) notApplicable("The subject has no openStore().");
  return await subject.openStore();
}

/** Which of several racers won. */
export async function race<T>(
  racers: readonly Promise<T>[],
): Promise<{ won: T[]; lost: unknown[] }> {
  const outcomes = await Promise.allSettled(racers);
  return {
    won: outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : [])),
    lost: outcomes.flatMap((outcome): unknown[] =>
      outcome.status === "rejected" ? [outcome.reason] : [],
    ),
  };
}

/** Asserts that every racer that lost was refused for this reason. */
export function allRefused(lost: readonly unknown[], code: AdkErrorCode): void {
  for (const error of lost)
    assert.ok(
      AdkError.isInstance(error, code),
      `a racer lost with ${describe(error)} instead of ${code}`,
    );
}
