import {
  AdkError,
  systemClock,
  WakeQueue,
  type AcquireCommand,
  type AppendCommand,
  type Appended,
  type Clock,
  type CreateCommand,
  type EraseCommand,
  type Grant,
  type LeaseCommand,
  type ListCommand,
  type Outcome,
  type Page,
  type ReadCommand,
  type ReadScope,
  type SessionHeader,
  type SessionStore,
  type Snapshot,
  type StoredEvent,
  type UpdateCommand,
  type Values,
  type Wake,
} from "@adk/core";
import { resolve } from "node:path";
import { appendEvent } from "./append-event.ts";
import { backupDatabase } from "./backup-database.ts";
import { ChangeFeed } from "./change-feed.ts";
import { checkStore, type Problem } from "./check-store.ts";
import type { Connection } from "./connection.ts";
import { createSession } from "./create-session.ts";
import type { Database } from "./database.ts";
import { emptyLog, eraseSessions, purgeStep, sweep, type PurgeStep } from "./erase.ts";
import { acquireLease, leaseSession, toGrant } from "./lease-session.ts";
import { listSessions } from "./list-sessions.ts";
import { MEMORY, migrateDatabase, openDatabase } from "./open-database.ts";
import { readEvents, type EventRange } from "./read-events.ts";
import { toRange, toSnapshot } from "./read-session.ts";
import { readShared } from "./scoped-state.ts";
import { findSession, type Moment } from "./session-row.ts";
import { checkStoreOptions, STORE_OPTIONS } from "./store-options.ts";
import { updateSession } from "./update-session.ts";
import { addWatcher, removeWatcher, tellWatchers } from "./watchers.ts";

/** Options of the store on SQLite. */
export interface SqliteSessionStoreOptions {
  /** The file; it and its folder are made when they are missing. `:memory:` for one that dies with this store. */
  readonly path: string;
  /** `auto` makes and updates the schema; `verify` refuses to work on another one, and writes nothing. @defaultValue "auto" */
  readonly migrations?: "auto" | "verify" | undefined;
  /** Sessions that nothing was appended to for so many milliseconds are gone. @defaultValue never */
  readonly ttlMs?: number | undefined;
  /** How long a command waits while others hold the write lock, in milliseconds. @defaultValue 5,000 */
  readonly lockTimeoutMs?: number | undefined;
  /** How often a store that is watched looks for what other processes wrote, in milliseconds. @defaultValue 20 */
  readonly watchIntervalMs?: number | undefined;
  /** The store's clock: creation and update times, leases, retention. @defaultValue the machine's */
  readonly clock?: Clock | undefined;
}

type PurgeCommand = Parameters<NonNullable<SessionStore["purge"]>>[0];

/** The newest events of a window that come with a lease; older ones are read in pages, by those who do not know them. */
const OPENED_EVENTS = 128;

/**
 * Sessions in one SQLite file, for one machine: any number of processes may have it open.
 *
 * A command is one transaction on this thread, synced to the disk when it has written. No command waits for a lock on the
 * event loop. The file is opened by the first command, or by {@link SqliteSessionStore.connect}.
 */
export class SqliteSessionStore implements SessionStore {
  readonly #path: string;
  readonly #file: string;
  readonly #migrations: "auto" | "verify";
  readonly #ttlMs: number;
  readonly #lockTimeoutMs: number;
  readonly #watchIntervalMs: number;
  readonly #clock: Clock;
  #opening: Promise<Database> | undefined;
  #database: Database | undefined;
  #feed: ChangeFeed | undefined;
  #isClosed = false;

  constructor(options: SqliteSessionStoreOptions) {
    checkStoreOptions("SqliteSessionStore", options, STORE_OPTIONS);
    const { path } = options;
    this.#path = path === MEMORY ? path : resolve(path);
    this.#file = path === MEMORY ? `${MEMORY}${++memories}` : this.#path;
    this.#migrations = options.migrations ?? "auto";
    this.#ttlMs = options.ttlMs ?? Infinity;
    this.#lockTimeoutMs = options.lockTimeoutMs ?? 5_000;
    this.#watchIntervalMs = options.watchIntervalMs ?? 20;
    this.#clock = options.clock ?? systemClock;
  }

  /** Opens the file now, so that what is wrong with it is said now. */
  async connect(): Promise<void> {
    await this.#open(this.#migrations);
  }

  async create(command: CreateCommand, signal?: AbortSignal): Promise<Outcome<Snapshot>> {
    return await this.#write((connection) => {
      return createSession(connection, command, this.#moment());
    }, signal);
  }

  read(command: ReadCommand, signal?: AbortSignal): Promise<Snapshot | undefined>;
  read(command: ReadScope, signal?: AbortSignal): Promise<Values>;
  async read(
    command: ReadCommand | ReadScope,
    signal?: AbortSignal,
  ): Promise<Snapshot | Values | undefined> {
    const database = await this.#open();
    if (command.sessionId !== undefined) {
      for (;;) {
        const answer = await this.#readSession(database, command, signal);
        if (answer !== "changed") return answer;
      }
    }
    const { appName, userId } = command;
    return await database.read((connection) => readShared(connection, appName, userId), signal);
  }

  async append(command: AppendCommand, signal?: AbortSignal): Promise<Outcome<Appended>> {
    const outcome = await this.#write((connection) => {
      return appendEvent(connection, command, this.#moment());
    }, signal);
    if (outcome.status === "ok" && !outcome.duplicate) {
      const { incarnation } = command;
      tellWatchers(this.#file, { incarnation, lastSequence: outcome.sequence });
    }
    return outcome;
  }

  async list(command: ListCommand, signal?: AbortSignal): Promise<Page<SessionHeader>> {
    const database = await this.#open();
    return await database.read(
      (connection) => listSessions(connection, command, this.#moment()),
      signal,
    );
  }

  async update(
    command: UpdateCommand,
    signal?: AbortSignal,
  ): Promise<Outcome<{ header: SessionHeader }>> {
    const { outcome, wake } = await this.#write((connection) => {
      return updateSession(connection, command, this.#moment());
    }, signal);
    if (wake) tellWatchers(this.#file, wake);
    return outcome;
  }

  async lease(command: LeaseCommand, signal?: AbortSignal): Promise<Outcome<{ grant: Grant }>> {
    return await this.#write((connection) => {
      return leaseSession(connection, command, this.#moment());
    }, signal);
  }

  async erase(command: EraseCommand, signal?: AbortSignal): Promise<void> {
    for (;;) {
      const erased = await this.#write((connection) => eraseSessions(connection, command), signal);
      for (const wake of erased.wakes) tellWatchers(this.#file, wake);
      if (erased.isMore) continue;
      if (erased.hasGarbage) await this.#sweep(signal);
      if (this.#database) await emptyLog(this.#database);
      return;
    }
  }

  async open(
    command: AcquireCommand,
    signal?: AbortSignal,
  ): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>> {
    return await this.#write((connection) => {
      const moment = this.#moment();
      const acquired = acquireLease(connection, command, moment);
      if (!("row" in acquired)) return acquired;
      const { row } = acquired;
      const events: StoredEvent[] = [];
      const range = { from: row.windowFrom, to: row.lastSequence, limit: OPENED_EVENTS };
      readEvents(connection, row.sid, { ...range, descending: true }, events);
      const wanted = { state: true, kept: true };
      const snapshot = toSnapshot(connection, row, wanted, moment.now, events.toReversed());
      return { status: "ok", grant: toGrant(row, moment.now), snapshot };
    }, signal);
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Wake, void, undefined> {
    const watcher = new WakeQueue(signal);
    addWatcher(this.#file, watcher);
    let feed: ChangeFeed | undefined;
    try {
      if (this.#path !== MEMORY) {
        const database = await this.#open();
        feed = this.#feed ??= new ChangeFeed(database, this.#watchIntervalMs);
        await feed.add(watcher);
      }
      yield* watcher;
    } finally {
      feed?.remove(watcher);
      removeWatcher(this.#file, watcher);
    }
  }

  /** Deletes what has expired, and what was left of deleted sessions. */
  async purge(command: PurgeCommand, signal?: AbortSignal): Promise<number> {
    const { appName, limit } = command;
    let purged = 0;
    if (this.#ttlMs !== Infinity) {
      let step: PurgeStep | undefined = { after: 0, left: limit };
      while (step) {
        const now: PurgeStep = step;
        const { next, count } = await this.#write((connection) => {
          return purgeStep(connection, now, { ...this.#moment(), appName });
        }, signal);
        purged += count;
        step = next;
      }
    }
    await this.#sweep(signal);
    return purged;
  }

  /** Makes the file and its schema, or brings it up to date; also with `migrations: "verify"`. */
  async migrate(): Promise<void> {
    const database = await this.#open("auto");
    await migrateDatabase(database, this.#path);
  }

  async check(): Promise<{ problems: Problem[] }> {
    const database = await this.#open();
    return { problems: await database.call((connection) => checkStore(connection, this.#path)) };
  }

  /** What was acknowledged is on the disk already; this waits for what is on its way. */
  async flush(): Promise<void> {
    const database = await this.#open();
    await database.idle();
  }

  /**
   * Copies everything, as it is at this moment, to a new file of mode 0600, while this and other processes go on.
   *
   * @throws {@link AdkError} `FAILED_PRECONDITION` when there is such a file; `UNSUPPORTED` for `:memory:`.
   */
  async backup(path: string): Promise<void> {
    if (this.#path === MEMORY)
      throw new AdkError("UNSUPPORTED", "Sessions in memory cannot be backed up. Use a file.");
    await this.#open();
    await backupDatabase(this.#path, resolve(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const database = await this.#opening?.catch(() => undefined);
    await database?.idle();
    this.#feed?.stop(closedError());
    database?.close();
  }

  #moment(): Moment {
    return { now: Math.floor(this.#clock.now()), ttlMs: this.#ttlMs };
  }

  #write<T>(body: (connection: Connection) => T, signal: AbortSignal | undefined): Promise<T> {
    if (this.#database && !this.#isClosed) return this.#database.write(body, signal);
    return this.#open().then((database) => database.write(body, signal));
  }

  /** One snapshot; what one step does not read is read in further steps, as long as the session lives. */
  async #readSession(
    database: Database,
    command: ReadCommand,
    signal: AbortSignal | undefined,
  ): Promise<Snapshot | undefined | "changed"> {
    const first = await database.read((connection) => {
      const moment = this.#moment();
      const row = findSession(connection, command, moment);
      if (!row) return undefined;
      const snapshot = toSnapshot(connection, row, command, moment.now);
      const range = toRange(row, command.events);
      const rest = range && readEvents(connection, row.sid, range, snapshot.events);
      return { sid: row.sid, snapshot, rest };
    }, signal);
    if (!first) return undefined;
    const { sid, snapshot } = first;
    let rest = first.rest;
    while (rest) {
      const range: EventRange = rest;
      const step = await database.read((connection) => {
        if (!connection.get(LIVES, sid)) return "changed";
        return { rest: readEvents(connection, sid, range, snapshot.events) };
      }, signal);
      if (step === "changed") return step;
      rest = step.rest;
    }
    return snapshot;
  }

  async #sweep(signal: AbortSignal | undefined): Promise<void> {
    while (await this.#write(sweep, signal));
  }

  async #open(migrations: "auto" | "verify" = this.#migrations): Promise<Database> {
    if (this.#isClosed) throw closedError();
    this.#opening ??= openDatabase({
      path: this.#path,
      migrations,
      lockTimeoutMs: this.#lockTimeoutMs,
    });
    try {
      this.#database = await this.#opening;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
    return this.#database;
  }
}

const LIVES = /* sql */ `SELECT 1 FROM adk_session WHERE sid = ?`;

/** Databases in memory have no name that others could share. */
let memories = 0;

function closedError(): AdkError {
  return new AdkError(
    "CLOSED",
    "The session store is closed. Make a new one, and close it after its last use.",
    { details: { committed: false } },
  );
}
