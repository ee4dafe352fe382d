import { checkOptions, having, integer } from "../internal/check-options.ts";
import { systemClock, type Clock } from "../internal/clock.ts";
import { decodePageToken, encodePageToken } from "./page-token.ts";
import type {
  AcquireCommand,
  AppendCommand,
  Appended,
  CreateCommand,
  Encoded,
  EraseCommand,
  Grant,
  HeaderPatch,
  LeaseCommand,
  ListCommand,
  Outcome,
  Page,
  PurgeCommand,
  ReadCommand,
  ReadScope,
  Refusal,
  ScopeDelta,
  SessionHeader,
  SessionKey,
  SessionStore,
  Snapshot,
  StoreCheck,
  StoredEvent,
  UpdateCommand,
  Values,
  Wake,
} from "./session-store.ts";
import { WakeQueue } from "./wake-queue.ts";

/** Options of the store in memory. */
export interface InMemorySessionStoreOptions {
  /** The store's clock: creation and update times, leases, retention. @defaultValue the machine's */
  readonly clock?: Clock | undefined;
  /** Sessions that nothing was appended to for so many milliseconds are gone. @defaultValue never */
  readonly ttlMs?: number | undefined;
}

const OPTIONS = {
  clock: having("a clock with `now` and `after`", "now", "after"),
  ttlMs: integer(1),
};

/** One session. The members are the columns a database would have. */
interface Row extends SessionKey {
  readonly incarnation: string;
  /** Grows from session to session: the order of creation. */
  readonly serial: number;
  readonly createTime: number;
  lastUpdateTime: number;
  title: string | undefined;
  labels: Record<string, string> | undefined;
  readonly forkedFrom: { sessionId: string; sequence: number } | undefined;
  /** The event at sequence n is at n - 1. */
  events: StoredEvent[];
  readonly sequences: Map<string, number>;
  readonly initialState: Values;
  readonly state: Values;
  windowFrom: number;
  pendingCalls: Encoded | undefined;
  kept: Encoded | undefined;
  invocationId: string | undefined;
  attempt: number;
  cancelRequested: boolean;
  epoch: number;
  lease: { readonly id: string; expiresAt: number } | undefined;
  /** The lease that was given back last: a late copy of its acquire takes nothing. */
  releasedLeaseId: string | undefined;
}

interface User {
  readonly state: Values;
  readonly sessions: Map<string, Row>;
}

interface App {
  readonly state: Values;
  readonly users: Map<string, User>;
}

/**
 * Sessions in this process's memory. It keeps the whole contract of {@link SessionStore}: copy it to write an adapter.
 *
 * No command waits for anything between its first check and its last write, so each is atomic. Encoded texts are kept as
 * they come; what is handed out shares only texts and frozen stored events.
 */
export class InMemorySessionStore implements SessionStore {
  readonly #clock: Clock;
  readonly #ttlMs: number;
  readonly #apps: Map<string, App> = new Map();
  readonly #watchers: Set<WakeQueue> = new Set();
  #serial = 0;

  constructor(options: InMemorySessionStoreOptions = {}) {
    checkOptions("InMemorySessionStore", options, OPTIONS);
    this.#clock = options.clock ?? systemClock;
    this.#ttlMs = options.ttlMs ?? Infinity;
  }

  async create(command: CreateCommand): Promise<Outcome<Snapshot>> {
    const { appName, userId, sessionId, incarnation, fork, shared } = command;
    const existing = this.#find(command);
    if (existing?.incarnation === incarnation)
      return { status: "ok", ...this.#snapshot(existing, WHOLE) };
    const source = fork && this.#find({ appName, userId, sessionId: fork.sessionId });
    if (fork) {
      if (!source) return { status: "not-found" };
      if (source.incarnation !== fork.incarnation) return { status: "gone" };
      if (source.events.length < fork.atSequence)
        return { status: "conflict", lastSequence: source.events.length };
    }
    if (existing) return { status: "exists" };

    const now = this.#clock.now();
    const events = source && fork ? source.events.slice(0, fork.atSequence) : [];
    const labels = command.labels ?? source?.labels;
    const row: Row = {
      appName,
      userId,
      sessionId,
      incarnation,
      serial: ++this.#serial,
      createTime: now,
      lastUpdateTime: now,
      title: command.title ?? source?.title,
      labels: labels && copyValues(labels),
      forkedFrom: fork && { sessionId: fork.sessionId, sequence: fork.atSequence },
      events,
      sequences: new Map(events.map(({ id, sequence }) => [id, sequence])),
      initialState: copyValues(source?.initialState ?? command.initialState),
      state: copyValues(fork?.state ?? command.initialState),
      windowFrom: 1,
      pendingCalls: undefined,
      kept: undefined,
      invocationId: undefined,
      attempt: 0,
      cancelRequested: false,
      epoch: 0,
      lease: undefined,
      releasedLeaseId: undefined,
    };
    if (fork) patchHeader(row, fork.header);
    merge(this.#app(appName).state, shared?.app);
    const user = this.#user(appName, userId);
    merge(user.state, shared?.user);
    user.sessions.set(sessionId, row);
    return { status: "ok", ...this.#snapshot(row, WHOLE) };
  }

  read(command: ReadCommand): Promise<Snapshot | undefined>;
  read(command: ReadScope): Promise<Values>;
  async read(command: ReadCommand | ReadScope): Promise<Snapshot | Values | undefined> {
    if (command.sessionId !== undefined) {
      const row = this.#find(command);
      return row && this.#snapshot(row, command);
    }
    const app = this.#apps.get(command.appName);
    const owner = command.userId === undefined ? app : app?.users.get(command.userId);
    return copyValues(owner?.state ?? {});
  }

  async append(command: AppendCommand): Promise<Outcome<Appended>> {
    const { incarnation, id, data, delta, lease, expectedLastSequence } = command;
    const row = this.#find(command);
    if (row?.incarnation !== incarnation) return { status: "gone" };
    const lastSequence = row.events.length;
    const stored = row.sequences.get(id);
    if (stored !== undefined) {
      if (row.events[stored - 1]?.data !== data) return { status: "id-conflict", lastSequence };
      const { lastUpdateTime, cancelRequested } = row;
      return { status: "ok", sequence: stored, lastUpdateTime, duplicate: true, cancelRequested };
    }
    if (lease && row.lease?.id !== lease.leaseId) return { status: "fenced", lastSequence };
    if (expectedLastSequence !== undefined && expectedLastSequence !== lastSequence)
      return { status: "conflict", lastSequence };

    const sequence = lastSequence + 1;
    const now = this.#clock.now();
    row.events.push(Object.freeze({ sequence, id, data }));
    row.sequences.set(id, sequence);
    if (delta) {
      merge(row.state, delta.session);
      if (delta.user) merge(this.#user(row.appName, row.userId).state, delta.user);
      if (delta.app) merge(this.#app(row.appName).state, delta.app);
    }
    if (now > row.lastUpdateTime) row.lastUpdateTime = now;
    if (lease && row.lease) {
      patchHeader(row, lease.header);
      row.lease.expiresAt = now + lease.ttlMs;
    }
    if (this.#watchers.size > 0) this.#wake({ incarnation, lastSequence: sequence });
    const { lastUpdateTime, cancelRequested } = row;
    return { status: "ok", sequence, lastUpdateTime, duplicate: false, cancelRequested };
  }

  async list(command: ListCommand): Promise<Page<SessionHeader>> {
    const { pageSize, pageToken, orderBy = "createTime" } = command;
    const position = (row: Row): [number, number] => [
      orderBy === "createTime" ? 0 : row.lastUpdateTime,
      row.serial,
    ];
    const [time, serial] =
      pageToken === undefined
        ? [Infinity, Infinity]
        : (decodePageToken(orderBy, pageToken, ["number", "number"]) as [number, number]);
    const rows = this.#rows(command.appName, command.userId)
      .filter((row) => this.#isListed(row, command))
      .map((row) => ({ row, at: position(row) }))
      .filter(({ at }) => at[0] < time || (at[0] === time && at[1] < serial))
      .sort((left, right) => right.at[0] - left.at[0] || right.at[1] - left.at[1]);
    const page = rows.slice(0, pageSize);
    const items = page.map(({ row }) => this.#header(row));
    const last = page.at(-1);
    return rows.length > pageSize && last
      ? { items, nextPageToken: encodePageToken(orderBy, last.at) }
      : { items };
  }

  async update(command: UpdateCommand): Promise<Outcome<{ header: SessionHeader }>> {
    const row = this.#find(command);
    if (!row) return { status: "not-found" };
    if (command.incarnation !== undefined && command.incarnation !== row.incarnation)
      return { status: "gone" };
    if (command.cancel !== undefined) {
      if (row.invocationId !== command.cancel) return { status: "not-open" };
      row.cancelRequested = true;
      this.#wake({ incarnation: row.incarnation, cancel: true });
    } else {
      if (command.title !== undefined) row.title = command.title ?? undefined;
      for (const [name, value] of Object.entries(command.labels ?? {})) {
        const labels: Record<string, string> = (row.labels ??= emptyRecord());
        if (value === null) delete labels[name];
        else labels[name] = value;
      }
    }
    return { status: "ok", header: this.#header(row) };
  }

  async lease(command: LeaseCommand): Promise<Outcome<{ grant: Grant }>> {
    const row = this.#find(command);
    if (!row) return { status: "not-found" };
    if (command.op === "acquire") {
      const refusal = this.#acquire(row, command);
      return refusal ?? { status: "ok", grant: this.#grant(row) };
    }
    const isHolder = row.lease?.id === command.leaseId;
    if (command.op === "renew") {
      if (!isHolder || !row.lease) return { status: "fenced", lastSequence: row.events.length };
      row.lease.expiresAt = this.#clock.now() + command.ttlMs;
    } else if (isHolder) {
      if (command.header) patchHeader(row, command.header);
      if (command.ended !== undefined && command.ended === row.invocationId) {
        row.invocationId = undefined;
        row.attempt = 0;
        row.cancelRequested = false;
      }
      row.releasedLeaseId = command.leaseId;
      row.lease = undefined;
    }
    return { status: "ok", grant: this.#grant(row) };
  }

  async erase(command: EraseCommand): Promise<void> {
    const user = this.#apps.get(command.appName)?.users.get(command.userId);
    if (!user) return;
    if (command.sessionId === undefined) {
      this.#apps.get(command.appName)?.users.delete(command.userId);
      for (const { incarnation } of user.sessions.values()) this.#wake({ incarnation });
    } else if (user.sessions.get(command.sessionId)?.incarnation === command.incarnation) {
      user.sessions.delete(command.sessionId);
      this.#wake({ incarnation: command.incarnation });
    }
  }

  async open(command: AcquireCommand): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>> {
    const row = this.#find(command);
    if (!row) return { status: "not-found" };
    const refusal = this.#acquire(row, command);
    if (refusal) return refusal;
    const from = Math.max(row.windowFrom, row.events.length - OPENED_EVENTS + 1);
    const snapshot = this.#snapshot(row, { events: { from }, state: true, kept: true });
    return { status: "ok", grant: this.#grant(row), snapshot };
  }

  watch(signal: AbortSignal): AsyncIterable<Wake> {
    const queue: WakeQueue = new WakeQueue(signal, () => this.#watchers.delete(queue));
    this.#watchers.add(queue);
    return queue;
  }

  async purge(command: PurgeCommand): Promise<number> {
    let count = 0;
    for (const [appName, app] of this.#apps) {
      if (command.appName !== undefined && command.appName !== appName) continue;
      for (const user of app.users.values())
        for (const row of user.sessions.values())
          if (count < command.limit && this.#isExpired(row)) {
            user.sessions.delete(row.sessionId);
            count++;
          }
    }
    return count;
  }

  /** There is no schema to bring up to date. */
  async migrate(): Promise<void> {}

  async check(): Promise<StoreCheck> {
    return { problems: [] };
  }

  /** What was acknowledged is as durable as memory is. */
  async flush(): Promise<void> {}

  /** There is nothing to close. */
  async [Symbol.asyncDispose](): Promise<void> {}

  #app(appName: string): App {
    let app = this.#apps.get(appName);
    if (!app) this.#apps.set(appName, (app = { state: emptyRecord(), users: new Map() }));
    return app;
  }

  #user(appName: string, userId: string): User {
    const { users } = this.#app(appName);
    let user = users.get(userId);
    if (!user) users.set(userId, (user = { state: emptyRecord(), sessions: new Map() }));
    return user;
  }

  /** The session, unless it has expired. */
  #find({ appName, userId, sessionId }: SessionKey): Row | undefined {
    const row = this.#apps.get(appName)?.users.get(userId)?.sessions.get(sessionId);
    return row && !this.#isExpired(row) ? row : undefined;
  }

  /** Activity and a lease that is held keep a session. */
  #isExpired(row: Row): boolean {
    if (this.#ttlMs === Infinity) return false;
    return (
      Math.max(row.lastUpdateTime + this.#ttlMs, row.lease?.expiresAt ?? 0) <= this.#clock.now()
    );
  }

  #rows(appName: string, userId: string | undefined): Row[] {
    const app = this.#apps.get(appName);
    if (!app) return [];
    const users = userId === undefined ? [...app.users.values()] : [app.users.get(userId)];
    return users.flatMap((user) => [...(user?.sessions.values() ?? [])]);
  }

  #isListed(row: Row, command: ListCommand): boolean {
    if (this.#isExpired(row)) return false;
    if (command.pending && row.pendingCalls === undefined) return false;
    if (command.interrupted && (row.invocationId === undefined || this.#isHeld(row))) return false;
    return Object.entries(command.labels ?? {}).every(
      ([name, value]) => row.labels !== undefined && getLabel(row.labels, name) === value,
    );
  }

  #isHeld(row: Row): boolean {
    return row.lease !== undefined && row.lease.expiresAt > this.#clock.now();
  }

  #acquire(row: Row, { leaseId, ttlMs }: AcquireCommand): Refusal | undefined {
    const now = this.#clock.now();
    if (row.lease?.id === leaseId) {
      row.lease.expiresAt = now + ttlMs;
      return undefined;
    }
    if (row.releasedLeaseId === leaseId)
      return { status: "fenced", lastSequence: row.events.length };
    if (row.lease && row.lease.expiresAt > now)
      return { status: "busy", expiresInMs: row.lease.expiresAt - now };
    row.lease = { id: leaseId, expiresAt: now + ttlMs };
    row.epoch = Math.max(row.epoch + 1, now);
    if (row.invocationId !== undefined) row.attempt++;
    return undefined;
  }

  #grant(row: Row): Grant {
    const { incarnation, epoch, attempt, cancelRequested, invocationId } = row;
    return {
      incarnation,
      epoch,
      attempt,
      expiresInMs: row.lease ? Math.max(0, row.lease.expiresAt - this.#clock.now()) : 0,
      cancelRequested,
      lastSequence: row.events.length,
      ...(invocationId !== undefined && { invocationId }),
    };
  }

  #header(row: Row): SessionHeader {
    const { appName, userId, sessionId, incarnation, createTime, lastUpdateTime } = row;
    const { windowFrom, attempt, cancelRequested } = row;
    const lastSequence = row.events.length;
    const header: SessionHeader = {
      appName,
      userId,
      sessionId,
      incarnation,
      createTime,
      lastUpdateTime,
      lastSequence,
      windowFrom,
      attempt,
      cancelRequested,
    };
    if (row.title !== undefined) header.title = row.title;
    if (row.labels) header.labels = { ...row.labels };
    if (row.forkedFrom) header.forkedFrom = { ...row.forkedFrom };
    if (row.pendingCalls !== undefined) header.pendingCalls = row.pendingCalls;
    if (row.invocationId !== undefined) header.invocationId = row.invocationId;
    if (row.lease) {
      const left = row.lease.expiresAt - this.#clock.now();
      if (left > 0) header.leaseExpiresInMs = left;
    }
    return header;
  }

  #snapshot(row: Row, wanted: Wanted): Snapshot {
    const snapshot: Snapshot = {
      header: this.#header(row),
      events: selectEvents(row, wanted.events),
    };
    if (wanted.state)
      snapshot.state = {
        app: copyValues(this.#app(row.appName).state),
        user: copyValues(this.#user(row.appName, row.userId).state),
        session: copyValues(row.state),
      };
    if (wanted.initialState) snapshot.initialState = copyValues(row.initialState);
    if (wanted.kept && row.kept !== undefined) snapshot.kept = row.kept;
    return snapshot;
  }

  #wake(wake: Wake): void {
    for (const watcher of this.#watchers) watcher.push(wake);
  }
}

type Wanted = Pick<ReadCommand, "events" | "state" | "initialState" | "kept">;

const WHOLE: Wanted = { events: { from: 1 }, state: true };
/** The newest events of a window that come with a lease; older ones are read in pages, by those who do not know them. */
const OPENED_EVENTS = 1_000;

function selectEvents(row: Row, wanted: Wanted["events"]): StoredEvent[] {
  if (!wanted) return [];
  const from = wanted.from === "window" ? row.windowFrom : (wanted.from ?? 1);
  const to = Math.min(wanted.to ?? Infinity, row.events.length);
  const limit = wanted.limit ?? Infinity;
  if (wanted.descending)
    return row.events.slice(Math.max(from - 1, to - limit), Math.max(to, 0)).reverse();
  return row.events.slice(from - 1, Math.min(to, from - 1 + limit));
}

function patchHeader(row: Row, patch: HeaderPatch): void {
  if (patch.invocationId !== undefined && patch.invocationId !== row.invocationId) {
    row.invocationId = patch.invocationId;
    row.attempt = 1;
    row.cancelRequested = false;
  }
  if (patch.pendingCalls !== undefined) row.pendingCalls = patch.pendingCalls ?? undefined;
  if (patch.windowFrom !== undefined) row.windowFrom = patch.windowFrom;
  if (patch.kept !== undefined) row.kept = patch.kept ?? undefined;
}

/** Removals first: a key that is removed and set is set. */
function merge(values: Values, delta: ScopeDelta | undefined): void {
  if (!delta) return;
  for (const key of delta.remove) delete values[key];
  for (const key of Object.keys(delta.set)) values[key] = delta.set[key] as Encoded;
}

/** A record without a prototype: any key is a plain key. */
function emptyRecord(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}

function copyValues(values: Values): Values {
  return Object.assign(emptyRecord(), values);
}

function getLabel(labels: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}
