import { AdkError } from "../errors.ts";
import { decodeKept, DEFAULT_MAX_EVENT_BYTES } from "../events/codec.ts";
import type { Event } from "../events/event.ts";
import {
  checkOptions,
  checkStore,
  having,
  integer,
  type OptionCheck,
} from "../internal/check-options.ts";
import { checkSignal } from "../internal/check-signal.ts";
import { systemClock, type Clock } from "../internal/clock.ts";
import { randomId, type IdSource } from "../internal/ids.ts";
import { copyRecord } from "../internal/json.ts";
import { pendingCalls } from "../log/pending.ts";
import { EventAppender } from "./event-appender.ts";
import { forkCommand } from "./fork-session.ts";
import { decodePending } from "./header-change.ts";
import { getSession } from "./get-session.ts";
import type { SessionLease } from "./lease.ts";
import { LeaseDesk } from "./lease-desk.ts";
import { listEvents } from "./list-events.ts";
import { forkEndError, forkTakenError, refusalError } from "./refusal-error.ts";
import type {
  AcquireLeaseRequest,
  AppendEventRequest,
  Cancellable,
  CreateSessionRequest,
  DeleteSessionRequest,
  DeleteUserRequest,
  ForkSessionRequest,
  GetAppStateRequest,
  GetSessionRequest,
  GetUserStateRequest,
  ListEventsRequest,
  ListEventsResponse,
  ListInterruptedRequest,
  ListInterruptedResponse,
  ListSessionsRequest,
  ListSessionsResponse,
  OpenedSession,
  PurgeExpiredRequest,
  RequestCancelRequest,
  SubscribeRequest,
  UpdateSessionRequest,
} from "./requests.ts";
import { retryUnknown } from "./retry-unknown.ts";
import { decodeValues, encodeInitialState } from "./scoped-values.ts";
import { SessionReader, sessionName } from "./session-reader.ts";
import type {
  CreateCommand,
  ListCommand,
  Outcome,
  Refusal,
  SessionHeader,
  SessionKey,
  SessionStore,
  StoreCheck,
  UpdateCommand,
} from "./session-store.ts";
import type { Session } from "./session.ts";
import { subscription } from "./subscription.ts";
import {
  checkId,
  checkInteger,
  checkKey,
  checkLabels,
  checkPageSize,
  checkPageToken,
  checkStateKeys,
  checkTitle,
  given,
  invalid,
} from "./validate.ts";
import { Wakes } from "./wakes.ts";

/** Options of every session service. */
export interface BaseSessionServiceOptions {
  /** Timers and the holder's view of its leases; the store has a clock of its own. @defaultValue the machine's */
  readonly clock?: Clock | undefined;
  /** Ids of sessions, incarnations and leases. @defaultValue random UUIDs */
  readonly newId?: IdSource | undefined;
  /** The largest stored event, in bytes. @defaultValue 33,554,432 (32 MiB) */
  readonly maxEventBytes?: number | undefined;
  /** How often a subscriber looks where the store gives no hints, in milliseconds. @defaultValue 500 */
  readonly pollMs?: number | undefined;
  /** How often a command is sent when the store does not answer. @defaultValue 4 */
  readonly maxTries?: number | undefined;
  /** Decoded events kept for the next turn, over all sessions. @defaultValue 20,000 */
  readonly maxCachedEvents?: number | undefined;
}

/**
 * A row for every option of {@link BaseSessionServiceOptions}: an adapter's table is these and its own, so that
 * `checkOptions` names all of them when one is misspelt.
 */
export const SESSION_SERVICE_OPTIONS: Readonly<
  Record<keyof BaseSessionServiceOptions, OptionCheck>
> = {
  clock: having("a clock with `now` and `after`", "now", "after"),
  newId: "function",
  maxEventBytes: integer(1),
  pollMs: integer(1),
  maxTries: integer(1),
  maxCachedEvents: integer(0),
};

/** What every store can do. */
const STORE_METHODS = [
  "create",
  "read",
  "append",
  "list",
  "update",
  "lease",
  "erase",
] as const satisfies readonly (keyof SessionStore)[];

/**
 * Sessions, their events and their state, over a {@link SessionStore}: what apps and the `Runner` call.
 *
 * Validation, encoding, order within one session object, retries and leases are done here, once; atomicity, sequence and
 * merging inside the store. A service for a backend is this class with its store inside; a decorated store is
 * `new BaseSessionService(encrypted(store))`.
 *
 * Every method may reject with `INVALID_ARGUMENT` (ids are 1–512 bytes of well-formed text without NUL), `ABORTED` when its
 * signal fires, `CLOSED` after disposal, and the store's `UNAVAILABLE`, `TIMEOUT`, `PERMISSION_DENIED` or `SCHEMA_MISMATCH`.
 */
export class BaseSessionService implements AsyncDisposable {
  /** The largest event that it stores, in bytes of its stored form; a larger one is refused with `EVENT_TOO_LARGE`. */
  readonly maxEventBytes: number;
  readonly #store: SessionStore;
  readonly #clock: Clock;
  readonly #newId: IdSource;
  readonly #pollMs: number;
  readonly #reader: SessionReader;
  readonly #appender: EventAppender;
  readonly #wakes: Wakes;
  readonly #desk: LeaseDesk;
  readonly #closed: AbortController = new AbortController();

  constructor(store: SessionStore, options: BaseSessionServiceOptions = {}) {
    checkStore("A session service", store, STORE_METHODS, "new InMemorySessionStore()");
    checkOptions("A session service", options, SESSION_SERVICE_OPTIONS);
    const clock = options.clock ?? systemClock;
    this.maxEventBytes = options.maxEventBytes ?? DEFAULT_MAX_EVENT_BYTES;
    this.#clock = clock;
    this.#newId = options.newId ?? randomId;
    this.#pollMs = options.pollMs ?? 500;
    this.#store = retryUnknown(store, { clock, tries: options.maxTries ?? 4 });
    this.#reader = new SessionReader(this.#store, options.maxCachedEvents ?? 20_000);
    this.#appender = new EventAppender({
      store: this.#store,
      reader: this.#reader,
      clock,
      maxEventBytes: this.maxEventBytes,
    });
    this.#wakes = new Wakes(this.#store, clock);
    this.#desk = new LeaseDesk({
      store: this.#store,
      reader: this.#reader,
      clock,
      newId: this.#newId,
      wakes: this.#wakes,
    });
  }

  /**
   * A new session, with the given id or one made up.
   *
   * @throws {@link AdkError} `SESSION_ALREADY_EXISTS` when the id is taken, also when several callers race.
   */
  async createSession(request: CreateSessionRequest): Promise<Session> {
    const { appName, userId, state, title, labels, signal } = given("createSession", request);
    this.#enter(signal);
    const sessionId = isAbsent(request.sessionId) ? this.#newId() : request.sessionId;
    checkKey({ appName, userId, sessionId });
    if (state !== undefined) checkStateKeys("state", state);
    checkTitle(title);
    checkLabels(labels, false);
    const initial = encodeInitialState(state);
    const command: CreateCommand = {
      appName,
      userId,
      sessionId,
      incarnation: this.#newId(),
      initialState: initial.session,
    };
    if (initial.shared) command.shared = initial.shared;
    if (title !== undefined) command.title = title;
    if (labels !== undefined) command.labels = copyRecord(labels);
    return await this.#create(command, signal);
  }

  /** The session of this id, created when there is none; several callers get the same one. */
  async getOrCreateSession(request: CreateSessionRequest): Promise<Session> {
    const { appName, userId, sessionId, signal } = given("getOrCreateSession", request);
    if (isAbsent(sessionId)) return await this.createSession(request);
    for (;;) {
      const existing = await this.getSession({ appName, userId, sessionId, signal });
      if (existing) return existing;
      try {
        return await this.createSession(request);
      } catch (error) {
        if (!AdkError.isInstance(error, "SESSION_ALREADY_EXISTS")) throw error;
      }
    }
  }

  /**
   * The session with its events, or `undefined` when it does not exist.
   *
   * `config` filters events: by time, then by sequence, then the newest so many. The state is always the whole current one.
   */
  async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    this.#enter(given("getSession", request).signal);
    const loaded = await getSession(request, this.#reader);
    if (!loaded) return undefined;
    const { session, window, header } = loaded;
    if (window) this.#appender.track(session, window, header);
    return session;
  }

  /**
   * Changes title and labels; needs no lease.
   *
   * @returns the session without events and state.
   * @throws {@link AdkError} `SESSION_NOT_FOUND`
   */
  async updateSession(request: UpdateSessionRequest): Promise<Session> {
    const { title, labels, signal } = given("updateSession", request);
    this.#enter(signal);
    const key = checkKey(request);
    if (title !== null) checkTitle(title);
    checkLabels(labels, true);
    const command: UpdateCommand = { ...key };
    if (title !== undefined) command.title = title;
    if (labels !== undefined) command.labels = copyRecord(labels);
    const { header } = accept(await this.#store.update(command, signal), key);
    return this.#listed(header);
  }

  /** A page of sessions without events and state, newest first. */
  async listSessions(request: ListSessionsRequest): Promise<ListSessionsResponse> {
    const { appName, userId, labels, pending, orderBy, signal } = given("listSessions", request);
    this.#enter(signal);
    checkLabels(labels, false);
    if (pending !== undefined && pending !== true)
      throw invalid("`pending` must be true. Leave it out to list all sessions.");
    if (orderBy !== undefined && orderBy !== "createTime" && orderBy !== "lastUpdateTime")
      throw invalid('`orderBy` must be "createTime" or "lastUpdateTime".');
    if (orderBy === "lastUpdateTime" && userId === undefined)
      throw invalid('`orderBy: "lastUpdateTime"` lists the sessions of one user. Pass `userId`.');
    const command = listCommand(request);
    if (userId !== undefined) command.userId = userId;
    if (labels !== undefined) command.labels = copyRecord(labels);
    if (pending) command.pending = true;
    if (orderBy !== undefined) command.orderBy = orderBy;
    checkId("appName", appName);
    const page = await this.#store.list(command, signal);
    const sessions = page.items.map((header) => this.#listed(header));
    return page.nextPageToken === undefined
      ? { sessions }
      : { sessions, nextPageToken: page.nextPageToken };
  }

  /**
   * A page of a session's events, by sequence.
   *
   * @throws {@link AdkError} `SESSION_NOT_FOUND`
   */
  async listEvents(request: ListEventsRequest): Promise<ListEventsResponse> {
    this.#enter(given("listEvents", request).signal);
    return await listEvents(request, this.#reader);
  }

  /** Deletes a session and its events; shared state stays. Silent when it does not exist. */
  async deleteSession(request: DeleteSessionRequest): Promise<void> {
    const { signal } = given("deleteSession", request);
    this.#enter(signal);
    const key = checkKey(request);
    const snapshot = await this.#reader.read({ ...key }, signal);
    if (!snapshot) return;
    await this.#store.erase({ ...key, incarnation: snapshot.header.incarnation }, signal);
    this.#reader.windows.forget(sessionName(key));
  }

  /** Deletes all sessions and the shared state of a user. Silent when there is nothing. */
  async deleteUser(request: DeleteUserRequest): Promise<void> {
    const { appName, userId, signal } = given("deleteUser", request);
    this.#enter(signal);
    checkId("appName", appName);
    checkId("userId", userId);
    await this.#store.erase({ appName, userId }, signal);
  }

  /**
   * Appends one event and applies its state delta, atomically.
   *
   * Commutes with other writers; with `expectedLastSequence` it succeeds only at that sequence; with `lease` only while that
   * lease is the current one. Repeating it with the same event is safe. Partial events are returned as they are and not
   * stored; `temp:` state goes to the session object only.
   *
   * @returns the event as stored, frozen, with its sequence; the session object has caught up with what others wrote.
   * @throws {@link AdkError} `SESSION_CONFLICT` (retryable) when another sequence was expected; `SESSION_FENCED`;
   *   `SESSION_GONE` when it was deleted; `EVENT_ID_CONFLICT`; `EVENT_TOO_LARGE`; `NOT_SERIALIZABLE`; `SESSION_REGRESSED`.
   */
  async appendEvent(request: AppendEventRequest): Promise<Event> {
    this.#checkOpen();
    if (given("appendEvent", request).event?.partial) return request.event;
    return await this.#appender.append(request);
  }

  /** State shared by all sessions of a user, keys without prefix. */
  async getUserState(request: GetUserStateRequest): Promise<Record<string, unknown>> {
    const { appName, userId, signal } = given("getUserState", request);
    this.#enter(signal);
    checkId("appName", appName);
    checkId("userId", userId);
    return decodeValues(await this.#store.read({ appName, userId }, signal));
  }

  /** State shared by all sessions of an app, keys without prefix. */
  async getAppState(request: GetAppStateRequest): Promise<Record<string, unknown>> {
    const { appName, signal } = given("getAppState", request);
    this.#enter(signal);
    checkId("appName", appName);
    return decodeValues(await this.#store.read({ appName }, signal));
  }

  /**
   * Takes the session's lease and loads what a run needs: the window of its events and its state.
   *
   * @throws {@link AdkError} `SESSION_BUSY` (retryable, `details.expiresInMs`); `SESSION_NOT_FOUND`.
   */
  async openSession(request: AcquireLeaseRequest): Promise<OpenedSession> {
    const { signal } = given("openSession", request);
    this.#enter(signal);
    const { lease, snapshot } = await this.#desk.open(request);
    try {
      const { header, kept } = snapshot;
      const { session, window } = await this.#reader.load(snapshot, header.windowFrom, signal);
      this.#appender.track(session, window, header);
      const opened: OpenedSession = {
        session,
        lease,
        kept: kept === undefined ? [] : decodeKept(kept),
      };
      if (header.invocationId !== undefined) opened.openInvocationId = header.invocationId;
      return opened;
    } catch (error) {
      await lease.release();
      throw error;
    }
  }

  /**
   * The right to run a session, without loading it. Callers of one process that wait (`waitMs`) get it in order.
   *
   * @throws {@link AdkError} `SESSION_BUSY` (retryable, `details.expiresInMs`); `SESSION_NOT_FOUND`.
   */
  async acquireLease(request: AcquireLeaseRequest): Promise<SessionLease> {
    this.#enter(given("acquireLease", request).signal);
    return await this.#desk.acquire(request);
  }

  /** Asks whoever runs the invocation to stop, in any process. @returns `false` when it is not running. */
  async requestCancel(request: RequestCancelRequest): Promise<boolean> {
    const { invocationId, signal } = given("requestCancel", request);
    this.#enter(signal);
    const key = checkKey(request);
    checkId("invocationId", invocationId);
    const { status } = await this.#store.update({ ...key, cancel: invocationId }, signal);
    return status === "ok";
  }

  /** A page of sessions with an open invocation whose lease nobody holds: their process has died. */
  async listInterrupted(request: ListInterruptedRequest): Promise<ListInterruptedResponse> {
    const { userId, signal } = given("listInterrupted", request);
    this.#enter(signal);
    const command = listCommand(request);
    command.interrupted = true;
    if (userId !== undefined) command.userId = userId;
    const page = await this.#store.list(command, signal);
    const sessions = page.items.map((header) => ({
      appName: header.appName,
      userId: header.userId,
      sessionId: header.sessionId,
      invocationId: header.invocationId ?? "",
      lastSequence: header.lastSequence,
      attempt: header.attempt,
    }));
    return page.nextPageToken === undefined
      ? { sessions }
      : { sessions, nextPageToken: page.nextPageToken };
  }

  /**
   * A session with the events of another one up to `atSequence`, the state they add up to, and a future of its own.
   *
   * Shared state is not touched; title and labels are copied unless given. Artifacts are copied by `copySessionArtifacts`.
   *
   * @throws {@link AdkError} `SESSION_NOT_FOUND`; `INVALID_ARGUMENT` when the source has no such sequence;
   *   `SESSION_ALREADY_EXISTS`.
   */
  async forkSession(request: ForkSessionRequest): Promise<Session> {
    const { atSequence, title, labels, signal } = given("forkSession", request);
    this.#enter(signal);
    checkKey(request);
    if (atSequence === undefined)
      throw invalid("`atSequence` is missing: the fork's last event, 0 for none.");
    checkInteger("atSequence", atSequence, 0);
    checkTitle(title);
    checkLabels(labels, false);
    const sessionId = isAbsent(request.newSessionId) ? this.#newId() : request.newSessionId;
    checkId("newSessionId", sessionId);
    const ids = { sessionId, incarnation: this.#newId() };
    return await this.#create(await forkCommand(request, ids, this.#reader), signal);
  }

  /**
   * The stored events after a sequence, then those that follow, from any process, until the caller breaks off or the signal
   * fires. Each once, in order, without gaps.
   *
   * @throws {@link AdkError} `SESSION_NOT_FOUND`; `SESSION_GONE` when it is deleted; `SESSION_REGRESSED` when the store does
   *   not know the sequence.
   */
  subscribe(request: SubscribeRequest): AsyncGenerator<Event, void, undefined> {
    const header = this.#headerFor(request);
    header.catch(() => {}); // told to the caller by the first `next`
    return this.#subscribe(request, header);
  }

  /** Deletes what has expired. @returns how many sessions went. @throws AdkError `UNSUPPORTED` */
  async purgeExpired(request: PurgeExpiredRequest = {}): Promise<number> {
    const { appName, limit = 1_000, signal } = given("purgeExpired", request);
    this.#enter(signal);
    checkInteger("limit", limit, 1);
    if (appName !== undefined) checkId("appName", appName);
    if (!this.#store.purge) throw unsupported("purgeExpired", "keeps sessions for ever");
    return await this.#store.purge(appName === undefined ? { limit } : { appName, limit }, signal);
  }

  /** Brings the store's schema up to date; harmless when repeated. @throws AdkError `UNSUPPORTED` */
  async migrate(request: Cancellable = {}): Promise<void> {
    this.#enter(given("migrate", request).signal);
    if (!this.#store.migrate) throw unsupported("migrate", "has no schema");
    await this.#store.migrate(request.signal);
  }

  /** What is misconfigured, for an administrator. @throws AdkError `UNSUPPORTED` */
  async check(request: Cancellable = {}): Promise<StoreCheck> {
    this.#enter(given("check", request).signal);
    if (!this.#store.check) throw unsupported("check", "has no self-test");
    return await this.#store.check(request.signal);
  }

  /** Resolves when what was acknowledged is as durable as the store promises. @throws AdkError `UNSUPPORTED` */
  async flush(request: Cancellable = {}): Promise<void> {
    this.#enter(given("flush", request).signal);
    if (!this.#store.flush) throw unsupported("flush", "cannot tell");
    await this.#store.flush(request.signal);
  }

  /**
   * Waits for the appends under way, then ends timers, subscriptions and the store. Leases that are held lapse; later calls
   * reject with `CLOSED`.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const closed = closedError();
    this.#closed.abort(closed);
    this.#desk.close(closed);
    this.#wakes.stop();
    await this.#appender.idle();
    await this.#store[Symbol.asyncDispose]();
  }

  async #create(command: CreateCommand, signal: AbortSignal | undefined): Promise<Session> {
    const outcome = await this.#store.create(command, signal);
    if (outcome.status !== "ok") throw refusedCreate(outcome, command);
    const { header, events: stored } = outcome;
    const events = await this.#reader.range(header, stored, 1, header.lastSequence, signal);
    return this.#reader.session(outcome, events, pendingCalls(events));
  }

  async *#subscribe(
    request: SubscribeRequest,
    header: Promise<SessionHeader>,
  ): AsyncGenerator<Event, void, undefined> {
    yield* subscription(request, await header, {
      store: this.#store,
      clock: this.#clock,
      wakes: this.#wakes,
      pollMs: this.#pollMs,
      closed: this.#closed.signal,
    });
  }

  async #headerFor(request: SubscribeRequest): Promise<SessionHeader> {
    this.#enter(given("subscribe", request).signal);
    const key = checkKey(request);
    checkInteger("afterSequence", request.afterSequence, 0);
    const snapshot = await this.#reader.read({ ...key }, request.signal);
    if (!snapshot) throw refusalError({ status: "not-found" }, key);
    return snapshot.header;
  }

  #listed(header: SessionHeader): Session {
    return this.#reader.session({ header, events: [] }, [], decodePending(header));
  }

  #enter(signal: AbortSignal | undefined): void {
    this.#checkOpen();
    checkSignal(signal);
  }

  #checkOpen(): void {
    this.#closed.signal.throwIfAborted();
  }
}

function refusedCreate(refusal: Refusal, { sessionId, fork }: CreateCommand): AdkError {
  if (!fork) return refusalError(refusal, { sessionId });
  if (refusal.status === "exists") return forkTakenError(sessionId);
  if (refusal.status === "conflict") return forkEndError(fork, refusal.lastSequence);
  return refusalError(refusal, fork);
}

/** A blank id is none. */
function isAbsent(id: string | null | undefined): id is undefined {
  return id === undefined || id === null || (typeof id === "string" && id.trim() === "");
}

function listCommand(request: ListSessionsRequest | ListInterruptedRequest): ListCommand {
  const { appName, userId, pageToken } = request;
  checkId("appName", appName);
  if (userId !== undefined) checkId("userId", userId);
  checkPageToken(pageToken);
  const command: ListCommand = { appName, pageSize: checkPageSize(request.pageSize) };
  if (pageToken !== undefined) command.pageToken = pageToken;
  return command;
}

function accept<T>(outcome: Outcome<T>, key: SessionKey): { status: "ok" } & T {
  if (outcome.status === "ok") return outcome as { status: "ok" } & T;
  throw refusalError(outcome, key);
}

function unsupported(method: string, because: string): AdkError {
  return new AdkError("UNSUPPORTED", `\`${method}\` is not available: this store ${because}.`);
}

function closedError(): AdkError {
  return new AdkError(
    "CLOSED",
    "The session service is closed. Make a new one, and close it after its last use.",
    { details: { committed: false } },
  );
}
