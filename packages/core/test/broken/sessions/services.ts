import { AdkError } from "../../../src/errors.ts";
import { createEvent, type Event } from "../../../src/events/event.ts";
import { BaseSessionService } from "../../../src/sessions/base-session-service.ts";
import { decorateStore } from "../../../src/sessions/decorate-store.ts";
import type {
  AcquireLeaseRequest,
  AppendEventRequest,
  CreateSessionRequest,
  DeleteSessionRequest,
  GetSessionRequest,
  ListEventsRequest,
  ListEventsResponse,
  OpenedSession,
  SubscribeRequest,
  UpdateSessionRequest,
} from "../../../src/sessions/requests.ts";
import type { SessionLease } from "../../../src/sessions/lease.ts";
import type { SessionStore } from "../../../src/sessions/session-store.ts";
import type { Session } from "../../../src/sessions/session.ts";
import { inMemorySessionSubject } from "../../../src/testing/sessions/in-memory-session-subject.ts";
import { brokenService, nameOf, type BrokenSessions } from "./broken.ts";

/** Hands out the object it handed out before, while the session has not grown. */
class AliasedSessions extends BaseSessionService {
  readonly #known = new Map<string, Session>();

  override async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    const session = await super.getSession(request);
    if (!session || request.config) return session;
    const known = this.#known.get(nameOf(request));
    if (
      known?.incarnation === session.incarnation &&
      known.lastSequence === session.lastSequence &&
      known.title === session.title
    )
      return known;
    this.#known.set(nameOf(request), session);
    return session;
  }
}

/** Keeps the event that the caller holds, instead of a copy. */
class AliasedEvents extends BaseSessionService {
  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    const stored = await super.appendEvent(request);
    const { session, event } = request;
    if (stored.sequence === undefined || session.events.at(-1) !== stored) return stored;
    const alias = Object.assign(event, { sequence: stored.sequence });
    session.events[session.events.length - 1] = alias;
    return alias;
  }
}

/** Goes on with the caller's objects after the call has returned. */
class LateCopies extends BaseSessionService {
  override async createSession(request: CreateSessionRequest): Promise<Session> {
    await Promise.resolve();
    return await super.createSession(request);
  }

  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    await Promise.resolve();
    return await super.appendEvent(request);
  }
}

/** Stores `temp:` keys with the session's. */
class StoredTemp extends BaseSessionService {
  readonly #temp: Map<string, Record<string, string>>;

  constructor(store: SessionStore, options: ConstructorParameters<typeof BaseSessionService>[1]) {
    const temp = new Map<string, Record<string, string>>();
    super(
      decorateStore(store, {
        async append(command) {
          const set = temp.get(command.id);
          if (!set) return await store.append(command);
          const { set: own, remove } = command.delta?.session ?? { set: {}, remove: [] };
          const session = { set: { ...own, ...set }, remove };
          return await store.append({ ...command, delta: { ...command.delta, session } });
        },
        async create(command) {
          const initialState = { ...command.initialState, ...temp.get(command.sessionId) };
          return await store.create({ ...command, initialState });
        },
      }),
      options,
    );
    this.#temp = temp;
  }

  override async createSession(request: CreateSessionRequest): Promise<Session> {
    const { state = {}, sessionId = crypto.randomUUID() } = request;
    this.#keep(sessionId, state);
    return await super.createSession({ ...request, sessionId });
  }

  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    const { id, actions } = request.event;
    this.#keep(id, actions.stateDelta);
    return await super.appendEvent(request);
  }

  #keep(id: string, state: Readonly<Record<string, unknown>>): void {
    const kept = Object.entries(state).filter(([key]) => key.startsWith("temp:"));
    if (kept.length > 0)
      this.#temp.set(
        id,
        Object.fromEntries(kept.map(([key, value]) => [key, JSON.stringify(value)])),
      );
  }
}

/** Shares the state of a session object with whoever reads the session next. */
class AliasedStates extends BaseSessionService {
  readonly #handles = new Map<string, Session>();

  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    const { session } = request;
    this.#handles.set(session.incarnation, session);
    return await super.appendEvent(request);
  }

  override async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    const session = await super.getSession(request);
    const handle = session && this.#handles.get(session.incarnation);
    if (handle?.lastSequence === session?.lastSequence && session && handle)
      session.state = handle.state;
    return session;
  }
}

/** Adds the state up from the events that were asked for. */
class FoldedStates extends BaseSessionService {
  override async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    const session = await super.getSession(request);
    if (!session || session.events.length === session.lastSequence) return session;
    session.state = {};
    for (const { actions } of session.events) Object.assign(session.state, actions.stateDelta);
    return session;
  }
}

/** Carries events as JSON, whatever JSON makes of them. */
class NaiveJson extends BaseSessionService {
  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    const event = JSON.parse(JSON.stringify(request.event)) as Event;
    return await super.appendEvent({ ...request, event });
  }
}

/** Mends what it is given instead of refusing it. */
class Forgiving extends BaseSessionService {
  override async createSession(request: CreateSessionRequest): Promise<Session> {
    const { sessionId } = request;
    const mended = typeof sessionId === "string" ? sessionId.toWellFormed() : sessionId;
    return await super.createSession({ ...request, sessionId: mended });
  }

  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    return await super.appendEvent({ ...request, event: createEvent(request.event) });
  }

  override async updateSession(request: UpdateSessionRequest): Promise<Session> {
    const { title } = request;
    return await super.updateSession({ ...request, title: title?.toWellFormed() ?? title });
  }

  override async acquireLease(request: AcquireLeaseRequest): Promise<SessionLease> {
    const ttlMs = Math.min(Math.max(request.ttlMs, 100), 3_600_000);
    return await super.acquireLease({ ...request, ttlMs });
  }
}

/** Takes any page token for the first page. */
class AnyPageToken extends BaseSessionService {
  override async listEvents(request: ListEventsRequest): Promise<ListEventsResponse> {
    const { pageToken, ...first } = request;
    return await super.listEvents(request).catch(async (error: unknown) => {
      if (pageToken === undefined) throw error;
      return await super.listEvents(first);
    });
  }
}

/** Drops a header change that comes without a lease. */
class DroppedHeaders extends BaseSessionService {
  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    const { header: _dropped, ...rest } = request;
    return await super.appendEvent(request.lease ? request : rest);
  }
}

/** Goes on with a subscription whose signal has fired. */
class EndlessSubscriptions extends BaseSessionService {
  override subscribe(request: SubscribeRequest): AsyncGenerator<Event, void, undefined> {
    return super.subscribe({ ...request, signal: undefined });
  }
}

/** Takes the sessions along when it is closed. */
class Cleaner extends BaseSessionService {
  readonly #created: Session[] = [];
  #isClosed = false;

  override async createSession(request: CreateSessionRequest): Promise<Session> {
    const session = await super.createSession(request);
    this.#created.push(session);
    return session;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed)
      for (const { appName, userId, id } of this.#created)
        await this.deleteSession({ appName, userId, sessionId: id });
    this.#isClosed = true;
    await super[Symbol.asyncDispose]();
  }
}

/** Stores partial events. */
class StoredPartials extends BaseSessionService {
  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    const { partial, ...event } = request.event;
    return await super.appendEvent(partial ? { ...request, event } : request);
  }
}

/** Forgets the events that a subscriber was not waiting for. */
class DroppingSubscriptions extends BaseSessionService {
  override async *subscribe(request: SubscribeRequest): AsyncGenerator<Event, void, undefined> {
    for await (const event of super.subscribe(request))
      if (event.sequence === undefined || event.sequence % 5 !== 3) yield event;
  }
}

/** Tells every third event twice. */
class DoublingSubscriptions extends BaseSessionService {
  override async *subscribe(request: SubscribeRequest): AsyncGenerator<Event, void, undefined> {
    for await (const event of super.subscribe(request)) {
      yield event;
      if (event.sequence !== undefined && event.sequence % 3 === 0) yield event;
    }
  }
}

/** Takes an unreachable store for an empty one. */
class EmptyWhenUnreachable extends BaseSessionService {
  override async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    return await super.getSession(request).catch((error: { code?: string }) => {
      if (error.code === "UNAVAILABLE") return undefined;
      throw error;
    });
  }
}

/** Stays open. */
class Unclosable extends BaseSessionService {
  override async [Symbol.asyncDispose](): Promise<void> {}
}

/** Hands out the session of the last run again, where nobody has written since. */
class AliasedRuns extends BaseSessionService {
  readonly #known = new Map<string, Session>();

  override async openSession(request: AcquireLeaseRequest): Promise<OpenedSession> {
    const opened = await super.openSession(request);
    const known = this.#known.get(nameOf(request));
    const session = known?.lastSequence === opened.session.lastSequence ? known : opened.session;
    this.#known.set(nameOf(request), session);
    return { ...opened, session };
  }
}

/** Takes 0 for "not given". */
class FalsyFilters extends BaseSessionService {
  override async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    const { numRecentEvents, afterTimestamp, ...rest } = request.config ?? {};
    const config = {
      ...rest,
      numRecentEvents: numRecentEvents || undefined,
      afterTimestamp: afterTimestamp || undefined,
    };
    return await super.getSession({ ...request, config });
  }
}

/** Leaves out events of the very time, and gives those of the very sequence. */
class ShiftedFilters extends BaseSessionService {
  override async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    const { config = {} } = request;
    const { afterTimestamp, afterSequence } = config;
    return await super.getSession({
      ...request,
      config: {
        ...config,
        afterTimestamp: afterTimestamp === undefined ? undefined : afterTimestamp + 1,
        afterSequence: afterSequence === undefined ? undefined : Math.max(0, afterSequence - 1),
      },
    });
  }
}

/** Counts the recent events before it looks at their time. */
class EarlyCount extends BaseSessionService {
  override async getSession(request: GetSessionRequest): Promise<Session | undefined> {
    const { afterTimestamp, ...config } = request.config ?? {};
    if (afterTimestamp === undefined) return await super.getSession(request);
    const session = await super.getSession({ ...request, config });
    if (session) session.events = session.events.filter((e) => e.timestamp >= afterTimestamp);
    return session;
  }
}

/** Sends what was started last first. */
class UnorderedAppends extends BaseSessionService {
  #count = 0;

  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    const wait = this.#count++ % 2 === 0 ? 3 : 0;
    for (let turn = 0; turn < wait; turn++) await Promise.resolve();
    return await super.appendEvent(request);
  }
}

/** Fails to delete what is not there. */
class StrictDeletes extends BaseSessionService {
  override async deleteSession(request: DeleteSessionRequest): Promise<void> {
    if (!(await this.getSession({ ...request, config: { numRecentEvents: 0 } })))
      throw new AdkError("SESSION_NOT_FOUND", "There is no such session.");
    await super.deleteSession(request);
  }
}

/** Ends a subscription where the log ends. */
class EndingSubscriptions extends BaseSessionService {
  override async *subscribe(request: SubscribeRequest): AsyncGenerator<Event, void, undefined> {
    const { events } = await this.listEvents({ ...request, pageSize: 1_000 });
    yield* events;
  }
}

/** Lets a subscriber that is ahead of the log wait. */
class PatientSubscriptions extends BaseSessionService {
  override async *subscribe(request: SubscribeRequest): AsyncGenerator<Event, void, undefined> {
    const { lastSequence } = await this.listEvents({ ...request, afterSequence: 0, pageSize: 1 });
    const { afterSequence = lastSequence } = request;
    yield* super.subscribe({ ...request, afterSequence: Math.min(afterSequence, lastSequence) });
  }
}

/** Does not look at signals of appends and updates. */
class DeafToSignals extends BaseSessionService {
  override async appendEvent(request: AppendEventRequest): Promise<Event> {
    return await super.appendEvent({ ...request, signal: undefined });
  }

  override async updateSession(request: UpdateSessionRequest): Promise<Session> {
    return await super.updateSession({ ...request, signal: undefined });
  }
}

let count = 0;
const shortId = (): string => `id${++count}`;

/** Services that differ in one thing over a store that is right. */
export const brokenServices: readonly BrokenSessions[] = [
  brokenService("hands out one object twice", (s, o) => new AliasedSessions(s, o), [
    "get-private-copy",
    "update-labels",
  ]),
  brokenService("keeps the caller's events", (s, o) => new AliasedEvents(s, o), [
    "append-copies-event",
    "state-temp-not-stored",
    "stored-events-frozen",
  ]),
  brokenService("copies what it is given too late", (s, o) => new LateCopies(s, o), [
    "append-copies-event",
    "create-copies-state",
  ]),
  brokenService("hands out the session of the last run", (s, o) => new AliasedRuns(s, o), [
    "fork-window",
    "header-window",
    "open-again-after-others-wrote",
    "open-handle-private",
  ]),
  brokenService("takes 0 for not given", (s, o) => new FalsyFilters(s, o), [
    "append-narrow-handle",
    "get-after-timestamp",
    "get-recent-events",
  ]),
  brokenService("filters one off", (s, o) => new ShiftedFilters(s, o), [
    "get-after-sequence",
    "get-after-timestamp",
    "get-filters-together",
  ]),
  brokenService("counts before it filters", (s, o) => new EarlyCount(s, o), [
    "get-after-timestamp",
    "get-filters-together",
  ]),
  brokenService("sends appends out of order", (s, o) => new UnorderedAppends(s, o), [
    "append-copies-event",
    "append-parallel-one-handle",
  ]),
  brokenService("fails to delete what is not there", (s, o) => new StrictDeletes(s, o), [
    "delete-idempotent",
  ]),
  brokenService("ends subscriptions", (s, o) => new EndingSubscriptions(s, o), [
    "subscribe-across-services",
    "subscribe-before-first-event",
    "subscribe-deleted",
    "subscribe-from-middle",
    "subscribe-from-now",
    "subscribe-from-start",
    "subscribe-many",
    "subscribe-other-session",
    "subscribe-refused",
    "subscribe-slow-consumer",
    "subscribe-without-wakes",
  ]),
  brokenService(
    "lets a subscriber wait ahead of the log",
    (s, o) => new PatientSubscriptions(s, o),
    ["subscribe-refused"],
  ),
  brokenService("does not look at signals", (s, o) => new DeafToSignals(s, o), [
    "abort-before-call",
  ]),
  brokenService(
    "takes events of any size",
    (s, { maxEventBytes: _ignored, ...o }) => new BaseSessionService(s, o),
    ["values-too-large"],
  ),
  brokenService("shares state with a session object", (s, o) => new AliasedStates(s, o), [
    "append-handle-shares-nothing",
    "get-private-copy",
    "state-temp-not-stored",
  ]),
  brokenService("adds state up from few events", (s, o) => new FoldedStates(s, o), [
    "get-state-is-whole",
  ]),
  brokenService("carries events as JSON", (s, o) => new NaiveJson(s, o), [
    "values-inline-data",
    "values-nested",
    "values-refused",
  ]),
  brokenService("mends what it is given", (s, o) => new Forgiving(s, o), [
    "ids-refused",
    "labels-refused",
    "lease-bad-requests",
    "values-bad-events",
  ]),
  brokenService("takes any page token of events", (s, o) => new AnyPageToken(s, o), [
    "events-bad-requests",
  ]),
  brokenService("drops headers without a lease", (s, o) => new DroppedHeaders(s, o), [
    "header-not-without-lease",
  ]),
  brokenService("goes on after an abort", (s, o) => new EndlessSubscriptions(s, o), [
    "subscribe-aborted",
  ]),
  brokenService("takes the sessions along", (s, o) => new Cleaner(s, o), [
    "close-ends-waits",
    "close-leaves-others",
    "close-lets-calls-finish",
  ]),
  brokenService(
    "makes up ids that are short",
    (s, o) => new BaseSessionService(s, { ...o, newId: shortId }),
    ["create-generates-id", "fork-generates-id"],
  ),
  brokenService("stores temp state", (s, o) => new StoredTemp(s, o), [
    "create-temp-dropped",
    "state-temp-not-stored",
  ]),
  brokenService("stores partial events", (s, o) => new StoredPartials(s, o), [
    "append-partial-not-stored",
  ]),
  brokenService("drops events of a subscription", (s, o) => new DroppingSubscriptions(s, o), [
    "subscribe-across-services",
    "subscribe-from-middle",
    "subscribe-from-now",
    "subscribe-from-start",
    "subscribe-many",
    "subscribe-slow-consumer",
    "subscribe-without-wakes",
  ]),
  brokenService("doubles events of a subscription", (s, o) => new DoublingSubscriptions(s, o), [
    "subscribe-across-services",
    "subscribe-from-middle",
    "subscribe-from-start",
    "subscribe-slow-consumer",
  ]),
  brokenService("takes unreachable for empty", (s, o) => new EmptyWhenUnreachable(s, o), [
    "unreachable-is-an-error",
  ]),
  brokenService("does not close", (s, o) => new Unclosable(s, o), [
    "close-ends-waits",
    "close-refuses-calls",
  ]),
  brokenService(
    "does not repeat what was not answered",
    (s, o) => new BaseSessionService(s, { ...o, maxTries: 1 }),
    [
      "lost-reply-append",
      "lost-reply-append-expected",
      "lost-reply-create",
      "lost-reply-lease",
      "lost-reply-rest",
      "refused-then-served",
    ],
  ),
];

/** Differences that the contract allows: nothing may fail. */
export const harmless: readonly BrokenSessions[] = [
  { name: "as it is", subject: inMemorySessionSubject, fails: [] },
  {
    name: "without the optional commands",
    subject: () =>
      inMemorySessionSubject({
        decorate(store) {
          const {
            open: _one,
            watch: _two,
            check: _three,
            flush: _four,
            ...rest
          } = decorateStore(store, {});
          return rest;
        },
      }),
    fails: [],
  },
  {
    name: "with hints that come twice, late, and of other sessions",
    subject: () =>
      inMemorySessionSubject({
        decorate: (store) =>
          decorateStore(store, {
            async *watch(signal) {
              for await (const wake of store.watch!(signal)) {
                yield { incarnation: "another" };
                await Promise.resolve();
                yield wake;
                yield wake;
              }
            },
          }),
      }),
    fails: [],
  },
  {
    name: "whose store takes its time before and after each command",
    subject: () => inMemorySessionSubject({ decorate: leisurely }),
    fails: [],
  },
  brokenService(
    "that caches nothing",
    (s, o) => new BaseSessionService(s, { ...o, maxCachedEvents: 0 }),
    [],
  ),
];

/** Every command waits a little, as over a network. */
function leisurely(store: SessionStore): SessionStore {
  const overrides: Record<string, unknown> = {};
  for (const name of [
    "create",
    "read",
    "append",
    "list",
    "update",
    "lease",
    "open",
    "erase",
  ] as const) {
    // One shape for eight: what a command takes is only handed through.
    const inner = store[name] as (...parameters: unknown[]) => Promise<unknown>;
    overrides[name] = async (...parameters: unknown[]) => {
      for (let turn = 0; turn < 3; turn++) await Promise.resolve();
      const result = await inner.apply(store, parameters);
      for (let turn = 0; turn < 3; turn++) await Promise.resolve();
      return result;
    };
  }
  return decorateStore(store, overrides as Partial<SessionStore>);
}
