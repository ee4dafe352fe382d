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
  type OptionCheck,
  type Outcome,
  type Page,
  type PurgeCommand,
  type ReadCommand,
  type ReadScope,
  type SessionHeader,
  type SessionStore,
  type SessionStoreCapabilities,
  type Snapshot,
  type StoreCheck,
  type UpdateCommand,
  type Values,
  type Wake,
  integer,
  oneOf,
} from "@adk/core";
import { AppIndex } from "./app-index.ts";
import { checkServer } from "./check-server.ts";
import { Connection } from "./connection.ts";
import type { Durability } from "./durability.ts";
import { Keys, type Tag } from "./keys.ts";
import { Layout } from "./layout.ts";
import { durability, keyPrefix } from "./option-checks.ts";
import {
  checkClient,
  ignoreErrors,
  isRedisClient,
  type Driver,
  type RedisClient,
} from "./redis-client.ts";
import { SessionCalls } from "./session-calls.ts";
import { SessionLister } from "./session-lister.ts";
import { SessionOpener } from "./session-opener.ts";
import { SessionReader } from "./session-reader.ts";
import { SessionRemover } from "./session-remover.ts";
import { SessionWriter } from "./session-writer.ts";
import { WakeHub } from "./wake-hub.ts";

/** Options of the store. */
export interface RedisSessionStoreOptions {
  /** A `Redis` or a `Cluster` of ioredis. It stays yours: it is not closed. */
  readonly client: RedisClient;
  /** What every key begins with. @defaultValue "adk:" */
  readonly keyPrefix?: string | undefined;
  /**
   * What stays together in a cluster: the sessions of a user, or (`app`) everything of an app, whose `app:` state then changes
   * in the same step as the rest, on one shard. @defaultValue "user"
   */
  readonly tag?: Tag | undefined;
  /** Sessions that nothing was appended to for so many milliseconds are gone. @defaultValue never */
  readonly ttlMs?: number | undefined;
  /** How long a command may take, in milliseconds. @defaultValue 10,000 */
  readonly timeoutMs?: number | undefined;
  /** What a write waits for before it is acknowledged. @defaultValue the server's answer alone */
  readonly durability?: Durability | undefined;
  /** `off`: other processes are neither told nor listened to. @defaultValue "auto" */
  readonly notifications?: "auto" | "off" | undefined;
  /** A client for subscriptions alone; a `Cluster` with `shardedSubscribers`. @defaultValue one made like `client` */
  readonly subscriber?: RedisClient | undefined;
  /** How often followed sessions are looked at while notifications do not arrive, in milliseconds. @defaultValue 500 */
  readonly pollMs?: number | undefined;
}

/** One row for each option; a service adds its own. */
export const STORE_OPTIONS: {
  readonly [Name in keyof Required<RedisSessionStoreOptions>]: OptionCheck;
} = {
  client: isRedisClient,
  keyPrefix,
  tag: oneOf("user", "app"),
  ttlMs: integer(1),
  timeoutMs: integer(1, 2_147_483_647),
  durability,
  notifications: oneOf("auto", "off"),
  subscriber: isRedisClient,
  pollMs: integer(1),
};

/**
 * Sessions in Redis: the whole contract of {@link SessionStore}, each command that writes one script.
 *
 * A script is atomic, and all keys of a session are in one slot. Only `app:` state in a cluster is not: see `capabilities`.
 */
export class RedisSessionStore implements SessionStore {
  readonly capabilities: SessionStoreCapabilities;
  readonly #connection: Connection;
  readonly #layout: Layout;
  readonly #hub: WakeHub;
  readonly #reader: SessionReader;
  readonly #writer: SessionWriter;
  readonly #opener: SessionOpener;
  readonly #remover: SessionRemover;
  readonly #lister: SessionLister;
  readonly #keys: Keys;
  readonly #subscriber: Driver | undefined;
  readonly #listenErrors: () => void;
  #isClosed = false;

  constructor(options: RedisSessionStoreOptions) {
    checkOptions("RedisSessionStore", options, STORE_OPTIONS);
    if (options.client === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "RedisSessionStore needs a `client`: a Redis or a Cluster of ioredis. `RedisSessionService.connect(url)` makes one.",
      );
    const driver = checkClient("RedisSessionStore", options.client);
    const { tag = "user", timeoutMs = 10_000, ttlMs, notifications = "auto" } = options;
    const isSplit = driver.isCluster === true && tag === "user";
    const publish = notifications === "off" ? "" : driver.isCluster ? "SPUBLISH" : "PUBLISH";
    const keys = new Keys(options.keyPrefix ?? "adk:", tag);
    const connection = new Connection({
      driver,
      timeoutMs,
      durability: options.durability ?? {},
    });
    this.capabilities = { atomicAppState: !isSplit };
    this.#connection = connection;
    this.#keys = keys;
    this.#listenErrors = ignoreErrors(driver);
    this.#layout = new Layout(connection, keys, tag);
    const subscriber = options.subscriber && checkClient("RedisSessionStore", options.subscriber);
    this.#subscriber = subscriber;
    this.#hub = new WakeHub({
      connection,
      keys,
      publish,
      subscriber,
      pollMs: options.pollMs ?? 500,
    });
    const place = { connection, keys, isSplit };
    this.#reader = new SessionReader(place);
    const calls = new SessionCalls({ ...place, ttlMs, publish });
    const parts = { ...place, calls, appIndex: new AppIndex(place), reader: this.#reader };
    this.#writer = new SessionWriter(parts);
    this.#opener = new SessionOpener(parts);
    this.#remover = new SessionRemover({ ...place, publish });
    this.#lister = new SessionLister(connection, keys, isSplit);
  }

  async create(command: CreateCommand, signal?: AbortSignal): Promise<Outcome<Snapshot>> {
    await this.#prepareWrite(signal);
    return await this.#writer.create(command, { signal });
  }

  read(command: ReadCommand, signal?: AbortSignal): Promise<Snapshot | undefined>;
  read(command: ReadScope, signal?: AbortSignal): Promise<Values>;
  async read(
    command: ReadCommand | ReadScope,
    signal?: AbortSignal,
  ): Promise<Snapshot | Values | undefined> {
    await this.#prepareRead(signal);
    if (command.sessionId === undefined) return await this.#reader.readScope(command, { signal });
    const snapshot = await this.#reader.read(command, { signal });
    const { from, descending } = command.events ?? {};
    // Who reads on from a sequence follows, it seems.
    if (snapshot && typeof from === "number" && !descending)
      this.#hub.follow(
        command,
        snapshot.header.incarnation,
        snapshot.events.at(-1)?.sequence ?? from - 1,
      );
    return snapshot;
  }

  async append(command: AppendCommand, signal?: AbortSignal): Promise<Outcome<Appended>> {
    await this.#prepareWrite(signal);
    const outcome = await this.#writer.append(command, { signal });
    if (outcome.status === "ok")
      this.#hub.tell({ incarnation: command.incarnation, lastSequence: outcome.sequence });
    return outcome;
  }

  async list(command: ListCommand, signal?: AbortSignal): Promise<Page<SessionHeader>> {
    await this.#prepareRead(signal);
    return await this.#lister.list(command, { signal });
  }

  async update(
    command: UpdateCommand,
    signal?: AbortSignal,
  ): Promise<Outcome<{ header: SessionHeader }>> {
    await this.#prepareWrite(signal);
    const outcome = await this.#writer.update(command, { signal });
    if (outcome.status === "ok" && command.cancel !== undefined)
      this.#hub.tell({ incarnation: outcome.header.incarnation, cancel: true });
    return outcome;
  }

  async lease(command: LeaseCommand, signal?: AbortSignal): Promise<Outcome<{ grant: Grant }>> {
    await this.#prepareWrite(signal);
    const outcome = await this.#opener.lease(command, { signal });
    if (outcome.status === "ok" && command.op !== "release") this.#follow(command, outcome.grant);
    return outcome;
  }

  async erase(command: EraseCommand, signal?: AbortSignal): Promise<void> {
    // A full server can be relieved, also of what an earlier process stored: nothing is rehearsed.
    await this.#prepareRead(signal);
    await this.#remover.erase(command, { signal }, (wake) => this.#hub.tell(wake));
  }

  async open(
    command: AcquireCommand,
    signal?: AbortSignal,
  ): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>> {
    await this.#prepareWrite(signal);
    const outcome = await this.#opener.open(command, { signal });
    if (outcome.status === "ok") this.#follow(command, outcome.grant);
    return outcome;
  }

  async *watch(signal: AbortSignal): AsyncGenerator<Wake, void, undefined> {
    await this.#prepareRead();
    yield* this.#hub.watch(signal);
  }

  /** Redis deletes by itself what has expired; this tidies the indexes. */
  async purge(command: PurgeCommand, signal?: AbortSignal): Promise<number> {
    await this.#prepareRead(signal);
    return await this.#remover.purge(command, { signal }, (wake) => this.#hub.tell(wake));
  }

  /** Says which layout this is, in an empty store, and whether the user may do all that is done here. */
  async migrate(): Promise<void> {
    await this.#prepareWrite();
  }

  /** Nothing is written. */
  async check(signal?: AbortSignal): Promise<StoreCheck> {
    this.#refuseClosed();
    return await checkServer(this.#connection, {
      prepare: async () => await this.#layout.prepareRead(signal),
      channel: this.#hub.isOn ? `${this.#keys.layout}:c` : undefined,
      subscriber: this.#subscriber,
      signal,
    });
  }

  /** What was acknowledged is as durable as `durability` says already. */
  async flush(): Promise<void> {
    await this.#prepareRead();
  }

  /** Leaves the client open. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#hub.stop();
    this.#connection.close();
    this.#listenErrors();
  }

  #follow(key: AcquireCommand | LeaseCommand, { incarnation, lastSequence }: Grant): void {
    this.#hub.follow(key, incarnation, lastSequence);
  }

  async #prepareRead(signal?: AbortSignal): Promise<void> {
    this.#refuseClosed();
    await this.#layout.prepareRead(signal);
  }

  async #prepareWrite(signal?: AbortSignal): Promise<void> {
    this.#refuseClosed();
    await this.#layout.prepareWrite(signal);
  }

  #refuseClosed(): void {
    if (this.#isClosed)
      throw new AdkError("CLOSED", "The store was closed.", { details: { committed: false } });
  }
}
