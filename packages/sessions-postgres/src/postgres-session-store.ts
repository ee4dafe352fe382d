import {
  AdkError,
  checkOptions,
  type AcquireCommand,
  type AppendCommand,
  type Appended,
  type CreateCommand,
  type EraseCommand,
  type Grant,
  type LeaseCommand,
  type ListCommand,
  type Outcome,
  type Page,
  type PurgeCommand,
  type ReadCommand,
  type ReadScope,
  type SessionHeader,
  type SessionStore,
  type Snapshot,
  type StoreCheck,
  type UpdateCommand,
  type Values,
  type Wake,
} from "@adk/core";
import { appendParameters, batchParameters, encodePatch } from "./append-parameters.ts";
import { checkServer } from "./check-server.ts";
import { Database, type Parameter } from "./database.ts";
import { GroupCommit, type BatchOutcome } from "./group-commit.ts";
import { decodePosition, encodePosition } from "./page-token.ts";
import type { Queryable } from "./queryable.ts";
import { emptyValues, splitOutcome, toRefusal, toSnapshot } from "./rows.ts";
import { checkSchemaName } from "./schema-script.ts";
import { listSql } from "./sql/list.sql.ts";
import { FOLLOW, POLL, UNFOLLOW } from "./sql/poll.sql.ts";
import { READ_SCOPE, readSql } from "./sql/read.sql.ts";
import { Statements } from "./statements.ts";
import { STORE_OPTIONS, type PostgresSessionStoreOptions } from "./store-options.ts";
import { WakeHub } from "./wake-hub.ts";
import { WakeLine } from "./wake-line.ts";

const NO_LIMIT = "9223372036854775807";

/**
 * Sessions in PostgreSQL: the whole contract of {@link SessionStore}, each command one statement.
 *
 * Atomicity, order and merging are the database's: functions of the schema take the session's row, check, and write. Nothing
 * is held over two statements, so it works through poolers of transactions.
 */
export class PostgresSessionStore implements SessionStore {
  readonly #ttlMs: number | null;
  readonly #database: Database;
  readonly #statements: Statements;
  readonly #group: GroupCommit;
  readonly #line: WakeLine | undefined;
  readonly #hub: WakeHub;

  constructor(options: PostgresSessionStoreOptions) {
    checkOptions("PostgresSessionStore", options, STORE_OPTIONS);
    if (options.client === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "PostgresSessionStore needs a `client`: a Pool of pg. `PostgresSessionService.connect(url)` makes one.",
      );
    const { client, schema = "adk", pooler = false, timeoutMs = 10_000 } = options;
    checkSchemaName(schema);
    this.#ttlMs = options.ttlMs ?? null;
    const { migrations = "auto" } = options;
    const database = new Database({ client, timeoutMs, prepares: !pooler });
    this.#database = database;
    this.#statements = new Statements({ database, schema, migrations, pooler });
    const listener = options.notificationClient ?? (pooler ? undefined : client);
    const notifies = options.notifications !== "off";
    if (notifies) this.#line = new WakeLine(this.#database, schema);
    const listening =
      notifies && listener?.connect && hasRoom(listener)
        ? new Database({ client: listener, timeoutMs, prepares: false })
        : undefined;
    this.#hub = new WakeHub({
      database: this.#database,
      listening,
      line: this.#line,
      sql: {
        poll: this.#statements.text(POLL),
        follow: this.#statements.text(FOLLOW),
        unfollow: this.#statements.text(UNFOLLOW),
      },
      pollMs: options.pollMs ?? 500,
    });
    this.#group = new GroupCommit({
      sendOne: async (command, signal) => await this.#appendOne(command, signal),
      sendMany: async (commands) => await this.#appendMany(commands),
      maxQueued: options.maxQueued ?? 10_000,
      timeoutMs,
      server: this.#database.server,
      isOn: options.groupCommit ?? true,
    });
  }

  async create(command: CreateCommand, signal?: AbortSignal): Promise<Outcome<Snapshot>> {
    const { appName, userId, sessionId, incarnation, initialState, shared, fork } = command;
    const rows = await this.#statements.call(
      "adk_create_v1",
      [
        appName,
        userId,
        sessionId,
        incarnation,
        JSON.stringify(initialState),
        JSON.stringify(fork?.state ?? initialState),
        command.title ?? null,
        command.labels ? JSON.stringify(command.labels) : null,
        shared ? JSON.stringify(shared) : null,
        fork?.sessionId ?? null,
        fork?.incarnation ?? null,
        fork?.atSequence ?? null,
        fork ? encodePatch(fork.header) : null,
        this.#ttlMs,
      ],
      { isWrite: true, signal },
    );
    const snapshot = toSnapshot(rows, { state: true });
    return snapshot ? { status: "ok", ...snapshot } : toRefusal(rows[0]?.[3] ?? "not-found");
  }

  read(command: ReadCommand, signal?: AbortSignal): Promise<Snapshot | undefined>;
  read(command: ReadScope, signal?: AbortSignal): Promise<Values>;
  async read(
    command: ReadCommand | ReadScope,
    signal?: AbortSignal,
  ): Promise<Snapshot | Values | undefined> {
    if (command.sessionId === undefined) return await this.#readScope(command, signal);
    const { appName, userId, sessionId, events, state, initialState, kept } = command;
    const isDescending = events?.descending === true;
    const text = readSql({
      state: state === true,
      initialState: initialState === true,
      kept: kept === true,
      events: events && (isDescending ? "descending" : "ascending"),
    });
    const parameters: Parameter[] = [appName, userId, sessionId];
    if (events) {
      const { from = 1, to, limit } = events;
      parameters.push(from === "window" ? null : from, to ?? NO_LIMIT, limit ?? null);
    }
    const rows = await this.#statements.run(text, parameters, { isWrite: false, signal });
    const snapshot = toSnapshot(rows, { state: state === true, isDescending });
    if (snapshot && typeof events?.from === "number" && !isDescending)
      this.#hub.follow(
        command,
        snapshot.header.incarnation,
        snapshot.events.at(-1)?.sequence ?? events.from - 1,
      );
    return snapshot;
  }

  async append(command: AppendCommand, signal?: AbortSignal): Promise<Outcome<Appended>> {
    await this.#statements.prepare(signal);
    const outcome = await this.#group.append(command, signal);
    const { status, rest } = splitOutcome(outcome);
    if (status !== "ok") return toRefusal(outcome);
    const [sequence, lastUpdateTime, duplicate, cancel, isFollowed] = rest.split(" ").map(Number);
    const appended: Appended = {
      sequence: sequence ?? 0,
      lastUpdateTime: lastUpdateTime ?? 0,
      duplicate: duplicate === 1,
      cancelRequested: cancel === 1,
    };
    // Of a duplicate, too: the reply that was lost had told nobody.
    const wake = { incarnation: command.incarnation, lastSequence: appended.sequence };
    this.#hub.tell(wake, isFollowed === 1);
    return { status: "ok", ...appended };
  }

  async list(command: ListCommand, signal?: AbortSignal): Promise<Page<SessionHeader>> {
    const { appName, userId, pageSize, pageToken, orderBy = "createTime" } = command;
    const labels = command.labels && JSON.stringify(command.labels);
    const filters = labels !== undefined && labels !== "{}";
    const after = pageToken === undefined ? undefined : decodePosition(orderBy, pageToken);
    const text = listSql({
      ofUser: userId !== undefined,
      labels: filters,
      pending: command.pending === true,
      interrupted: command.interrupted === true,
      orderBy,
      continues: after !== undefined,
    });
    // One more than asked for says whether there is a next page.
    const parameters: Parameter[] = [appName, pageSize + 1];
    if (userId !== undefined) parameters.push(userId);
    if (filters) parameters.push(labels);
    if (after && orderBy === "lastUpdateTime") parameters.push(after.lastUpdateTime);
    if (after) parameters.push(after.sid);
    const rows = await this.#statements.run(text, parameters, { isWrite: false, signal });
    const page = rows.slice(0, pageSize);
    const items = page.map((row) => JSON.parse(row[2] ?? "") as SessionHeader);
    const last = page.at(-1);
    if (rows.length <= pageSize || !last) return { items };
    const position = { lastUpdateTime: Number(last[0]), sid: last[1] ?? "" };
    return { items, nextPageToken: encodePosition(orderBy, position) };
  }

  async update(
    command: UpdateCommand,
    signal?: AbortSignal,
  ): Promise<Outcome<{ header: SessionHeader }>> {
    const { appName, userId, sessionId, incarnation, cancel, title, labels } = command;
    const outcome = await this.#statements.callOne(
      "adk_update_v1",
      [
        appName,
        userId,
        sessionId,
        incarnation ?? null,
        cancel ?? null,
        title !== undefined,
        title ?? null,
        labels ? JSON.stringify(labels) : null,
      ],
      { isWrite: true, signal },
    );
    const { status, rest } = splitOutcome(outcome);
    if (status !== "ok") return toRefusal(outcome);
    const header = JSON.parse(rest) as SessionHeader;
    if (cancel !== undefined) this.#hub.tell({ incarnation: header.incarnation, cancel: true });
    return { status: "ok", header };
  }

  async lease(command: LeaseCommand, signal?: AbortSignal): Promise<Outcome<{ grant: Grant }>> {
    const { appName, userId, sessionId, op, leaseId } = command;
    const outcome = await this.#statements.callOne(
      "adk_lease_v1",
      [
        appName,
        userId,
        sessionId,
        op,
        leaseId,
        op === "acquire" ? command.owner : null,
        op === "release" ? null : Math.ceil(command.ttlMs),
        op === "release" ? (command.ended ?? null) : null,
        op === "release" && command.header ? encodePatch(command.header) : null,
      ],
      { isWrite: true, signal },
    );
    return toGrant(outcome);
  }

  async erase(command: EraseCommand, signal?: AbortSignal): Promise<void> {
    const { appName, userId } = command;
    const [sessionId, incarnation] =
      command.sessionId === undefined ? [null, null] : [command.sessionId, command.incarnation];
    const rows = await this.#statements.call(
      "adk_erase_v1",
      [appName, userId, sessionId, incarnation],
      {
        isWrite: true,
        signal,
      },
    );
    for (const [gone] of rows) if (gone) this.#hub.tell({ incarnation: gone });
  }

  async open(
    command: AcquireCommand,
    signal?: AbortSignal,
  ): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>> {
    const { appName, userId, sessionId, leaseId, owner, ttlMs } = command;
    const rows = await this.#statements.call(
      "adk_open_v1",
      [appName, userId, sessionId, leaseId, owner, Math.ceil(ttlMs)],
      { isWrite: true, signal },
    );
    const outcome = toGrant(rows[0]?.[3] ?? "not-found");
    if (outcome.status !== "ok") return outcome;
    const snapshot = toSnapshot(rows, { state: true });
    return snapshot ? { ...outcome, snapshot } : { status: "not-found" };
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Wake, void, undefined> {
    await this.#statements.prepare(signal);
    yield* this.#hub.watch(signal);
  }

  async purge(command: PurgeCommand, signal?: AbortSignal): Promise<number> {
    const rows = await this.#statements.call(
      "adk_purge_v1",
      [command.appName ?? null, command.limit],
      {
        isWrite: true,
        signal,
      },
    );
    for (const [gone] of rows) if (gone) this.#hub.tell({ incarnation: gone });
    return rows.length;
  }

  /** Creates the schema or brings it up to date, also with `migrations: "verify"`. Several may do so at once. */
  async migrate(signal?: AbortSignal): Promise<void> {
    await this.#statements.migrate(signal);
  }

  /** What of the server and of this connection to it is not as it should be. */
  async check(signal?: AbortSignal): Promise<StoreCheck> {
    await this.#statements.prepare(signal);
    return await checkServer(this.#database, {
      notifications: this.#line ? { arrive: async () => await this.#hub.probe() } : undefined,
      signal,
    });
  }

  /** Writes to the log of the database and waits for the disk: also where the role's `synchronous_commit` is off. */
  async flush(signal?: AbortSignal): Promise<void> {
    await this.#statements.prepare(signal);
    await this.#group.settled();
    await this.#database.script(
      "set local synchronous_commit = on; select pg_logical_emit_message(true, 'adk', 'flush');",
      10_000,
      signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#statements.close();
    this.#hub.stop();
    await this.#group.settled();
    await this.#hub.left();
    await this.#line?.flushed();
  }

  async #readScope(command: ReadScope, signal: AbortSignal | undefined): Promise<Values> {
    const parameters = [command.appName, command.userId ?? ""];
    const rows = await this.#statements.run(READ_SCOPE, parameters, { isWrite: false, signal });
    const values = emptyValues();
    for (const [key, value] of rows) values[key ?? ""] = value ?? "";
    return values;
  }

  async #appendOne(command: AppendCommand, signal: AbortSignal | undefined): Promise<string> {
    const parameters = [...appendParameters(command), this.#ttlMs, this.#hub.self];
    return await this.#statements.callOne("adk_append_v1", parameters, { isWrite: true, signal });
  }

  async #appendMany(commands: readonly AppendCommand[]): Promise<BatchOutcome[]> {
    const rows = await this.#statements.call(
      "adk_append_batch_v1",
      [...batchParameters(commands), this.#ttlMs, this.#hub.self],
      {
        isWrite: true,
      },
    );
    const outcomes: BatchOutcome[] = commands.map(() => undefined);
    for (const [row] of rows) {
      const { status: place, rest } = splitOutcome(row ?? "");
      outcomes[Number(place) - 1] = rest;
    }
    return outcomes;
  }
}

function toGrant(outcome: string): Outcome<{ grant: Grant }> {
  const { status, rest } = splitOutcome(outcome);
  return status === "ok" ? { status: "ok", grant: JSON.parse(rest) as Grant } : toRefusal(outcome);
}

/** A pool of one has no connection to spare for listening. */
function hasRoom(client: Queryable): boolean {
  const { options } = client as { options?: { max?: unknown } };
  return typeof options?.max !== "number" || options.max > 1;
}
