import type {
  AcquireCommand,
  AppendCommand,
  Appended,
  CreateCommand,
  Grant,
  HeaderPatch,
  LeaseCommand,
  Outcome,
  SessionHeader,
  SessionKey,
  Snapshot,
  UpdateCommand,
} from "@adk/core";
import { ENROL, MARK } from "./commands/app-state.lua.ts";
import { APPEND } from "./commands/append.lua.ts";
import { CREATE, FORK } from "./commands/create.lua.ts";
import { LEASE } from "./commands/lease.lua.ts";
import { UPDATE } from "./commands/update.lua.ts";
import type { Call, RunOptions } from "./connection.ts";
import { appMember } from "./keys.ts";
import { Outbox } from "./outbox.ts";
import type { Place } from "./place.ts";
import type { Word } from "./redis-client.ts";
import { splitReply, toRefusal } from "./replies.ts";
import type { SessionReader } from "./session-reader.ts";
import { toSnapshot, type StoredSnapshot } from "./snapshots.ts";
import { changeWords, deltaWords, isPlain, keysOf, patchWords, valuesWords } from "./words.ts";

export interface SessionWriterOptions extends Place {
  readonly ttlMs: number | undefined;
  /** `PUBLISH`, `SPUBLISH`, or '' for no hints. */
  readonly publish: string;
  readonly reader: SessionReader;
}

/** The newest events that come with a lease at the most; older ones are read in pages, by those who do not know them. */
const OPENED_EVENTS = 1_000;
/** How many of them come in the first round trip; most windows hold fewer. */
const FIRST_EVENTS = 128;

/** The commands that write, each one script. In a cluster what lies in an app's slot is said before or applied after. */
export class SessionWriter {
  readonly #options: SessionWriterOptions;
  readonly #outbox: Outbox;
  readonly #durable: string;
  readonly #ttl: string;
  readonly #apps: Set<string> = new Set();

  constructor(options: SessionWriterOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.connection, options.keys);
    this.#durable = options.connection.isDurable ? "1" : "";
    this.#ttl = options.ttlMs === undefined ? "" : String(options.ttlMs);
  }

  async create(command: CreateCommand, options: RunOptions): Promise<Outcome<Snapshot>> {
    const { connection, reader } = this.#options;
    await this.#register(command.appName, options);
    const serial = await this.#enrol(command, options);
    if (command.fork)
      await this.#announce(command, command.incarnation, command.fork.header, options);
    const call = command.fork
      ? this.#fork(command, command.fork, serial)
      : this.#new(command, serial);
    const plan = reader.plan(command, { state: true, events: { start: 0, stop: -1 } });
    const [reply, ...read] = await connection.runAndRead(call, plan.commands, options);
    if (splitReply(reply).status !== "ok") {
      await this.#unenrol(command, options);
      return toRefusal(reply, command);
    }
    const stored = plan.finish(read);
    // Somebody has erased it since.
    if (!stored) return { status: "gone" };
    return { status: "ok", ...toSnapshot(await reader.complete(command, stored, options)) };
  }

  async append(command: AppendCommand, options: RunOptions): Promise<Outcome<Appended>> {
    const { connection, isSplit } = this.#options;
    if (command.lease)
      await this.#announce(command, command.incarnation, command.lease.header, options);
    let reply: unknown;
    if (isPlain(command) && this.#ttl === "")
      reply = await connection.run(this.#appendPlain(command), options);
    if (reply === undefined || splitReply(reply).status === "whole")
      reply = await connection.run(this.#append(command), options);
    const { status, rest } = splitReply(reply);
    if (status !== "ok") return toRefusal(reply, command);
    const [sequence, lastUpdateTime, duplicate, cancel, unsettled] = rest.map(Number);
    // It is stored; whoever reads or appends next does what is left.
    if (isSplit && unsettled) await this.#outbox.settle(command, options).catch(() => {});
    return {
      status: "ok",
      sequence: sequence ?? 0,
      lastUpdateTime: lastUpdateTime ?? 0,
      duplicate: duplicate === 1,
      cancelRequested: cancel === 1,
    };
  }

  async update(
    command: UpdateCommand,
    options: RunOptions,
  ): Promise<Outcome<{ header: SessionHeader }>> {
    const { connection, keys, publish, reader } = this.#options;
    const { incarnation = "", cancel = "", title, labels = {} } = command;
    const removed = Object.keys(labels).filter((name) => labels[name] === null);
    const set = Object.entries(labels).flatMap(([name, value]) =>
      value === null ? [] : [name, value],
    );
    const call: Call = {
      script: UPDATE,
      keys: this.#keysOf(command),
      words: [
        incarnation,
        cancel,
        ...changeWords(title),
        publish,
        keys.session(command).channel,
        removed.length,
        ...removed,
        ...set,
      ],
    };
    const plan = reader.plan(command, {});
    const [reply, ...read] = await connection.runAndRead(call, plan.commands, options);
    if (splitReply(reply).status !== "ok") return toRefusal(reply, command);
    const stored = plan.finish(read);
    return stored ? { status: "ok", header: stored.header } : { status: "not-found" };
  }

  async lease(command: LeaseCommand, options: RunOptions): Promise<Outcome<{ grant: Grant }>> {
    if (command.op === "release" && command.header) {
      const stored = await this.#options.reader.read(pick(command), options);
      if (stored) await this.#announce(command, stored.header.incarnation, command.header, options);
    }
    const reply = await this.#options.connection.run(this.#lease(command), options);
    return toGrant(reply, command);
  }

  /** The lease and the newest events in one round trip; older ones of the window in a second. */
  async open(
    command: AcquireCommand,
    options: RunOptions,
  ): Promise<Outcome<{ grant: Grant; snapshot: Snapshot }>> {
    const { connection, reader } = this.#options;
    const newest = { start: -FIRST_EVENTS, stop: -1 };
    const plan = reader.plan(command, { state: true, kept: true, events: newest });
    const [reply, ...read] = await connection.runAndRead(
      this.#lease(command),
      plan.commands,
      options,
    );
    const outcome = toGrant(reply, command);
    if (outcome.status !== "ok") return outcome;
    const stored = plan.finish(read);
    const whole = stored && (await this.#topUp(command, stored, options));
    if (whole?.header.incarnation !== outcome.grant.incarnation) return { status: "not-found" };
    const snapshot = toSnapshot(await reader.complete(command, whole, options));
    return { ...outcome, snapshot };
  }

  /** The log only grows: what lies before what was read is as it was. */
  async #topUp(
    key: AcquireCommand,
    stored: StoredSnapshot,
    options: RunOptions,
  ): Promise<StoredSnapshot | undefined> {
    const { windowFrom, lastSequence, incarnation } = stored.header;
    const from = Math.max(windowFrom, lastSequence - OPENED_EVENTS + 1);
    const events = stored.events.filter(({ sequence }) => sequence >= from);
    const first = events[0]?.sequence ?? lastSequence + 1;
    if (from >= first) return { ...stored, events };
    const older = await this.#options.reader.read(
      { ...pick(key), events: { from, to: first - 1 } },
      options,
    );
    if (older?.header.incarnation !== incarnation) return undefined;
    return { ...stored, events: [...older.events, ...events] };
  }

  #new(command: CreateCommand, serial: string): Call {
    const { isSplit } = this.#options;
    const { initialState, shared } = command;
    return {
      script: CREATE,
      keys: this.#keysOf(command),
      words: [
        ...this.#birthWords(command, serial),
        isSplit ? Outbox.encode(shared?.app) : "",
        ...valuesWords(initialState),
        ...deltaWords(shared?.user),
        ...(isSplit ? [] : deltaWords(shared?.app)),
      ],
    };
  }

  #fork(command: CreateCommand, fork: NonNullable<CreateCommand["fork"]>, serial: string): Call {
    const source = this.#options.keys.session({ ...pick(command), sessionId: fork.sessionId });
    return {
      script: FORK,
      keys: [...this.#keysOf(command), source.header, source.events, source.ids, source.initial],
      words: [
        ...this.#birthWords(command, serial),
        fork.sessionId,
        fork.incarnation,
        fork.atSequence,
        ...patchWords(fork.header),
        ...valuesWords(fork.state),
      ],
    };
  }

  #birthWords(command: CreateCommand, serial: string): Word[] {
    const { incarnation, userId, sessionId, title, labels } = command;
    return [
      incarnation,
      userId,
      sessionId,
      this.#ttl,
      this.#durable,
      serial,
      title === undefined ? "" : "t",
      title ?? "",
      labels ? JSON.stringify(labels) : "",
    ];
  }

  #appendPlain(command: AppendCommand): Call {
    const { header, events, ids } = this.#options.keys.session(command);
    return { script: APPEND, keys: [header, events, ids], words: this.#appendWords(command) };
  }

  #append(command: AppendCommand): Call {
    const { isSplit } = this.#options;
    const { delta, lease, userId, sessionId } = command;
    return {
      script: APPEND,
      keys: this.#keysOf(command),
      words: [
        ...this.#appendWords(command),
        this.#ttl,
        userId,
        sessionId,
        ...patchWords(lease?.header),
        isSplit ? Outbox.encode(delta?.app) : "",
        ...deltaWords(delta?.session),
        ...deltaWords(delta?.user),
        ...(isSplit ? [] : deltaWords(delta?.app)),
      ],
    };
  }

  #appendWords(command: AppendCommand): Word[] {
    const { incarnation, id, data, expectedLastSequence = "", lease } = command;
    return [
      incarnation,
      id,
      data,
      expectedLastSequence,
      lease?.leaseId ?? "",
      lease ? Math.ceil(lease.ttlMs) : "",
      this.#durable,
      this.#options.publish,
      this.#options.keys.session(command).channel,
    ];
  }

  #lease(command: LeaseCommand): Call {
    const { op, leaseId, userId, sessionId } = command;
    return {
      script: LEASE,
      keys: this.#keysOf(command),
      words: [
        op,
        leaseId,
        op === "acquire" ? command.owner : "",
        op === "release" ? "" : Math.ceil(command.ttlMs),
        op === "release" ? (command.ended ?? "") : "",
        this.#durable,
        userId,
        sessionId,
        ...patchWords(op === "release" ? command.header : undefined),
      ],
    };
  }

  #keysOf(key: SessionKey): string[] {
    const { keys, isSplit } = this.#options;
    const app = isSplit ? undefined : keys.app(key.appName);
    return keysOf(keys.session(key), keys.user(key.appName, key.userId), app);
  }

  /** For a purge of all apps. */
  async #register(appName: string, options: RunOptions): Promise<void> {
    if (this.#apps.has(appName)) return;
    const { connection, keys } = this.#options;
    await connection.ask(["sadd", keys.apps, appName], { ...options, isWrite: true });
    this.#apps.add(appName);
  }

  /** Where the app's index is in another slot it has a session before there is one. */
  async #enrol(command: CreateCommand, options: RunOptions): Promise<string> {
    const { connection, keys, isSplit } = this.#options;
    if (!isSplit) return "";
    const { index } = keys.app(command.appName);
    const call = { script: ENROL, keys: [index], words: [appMember(command)] };
    return String(await connection.run(call, options));
  }

  async #unenrol(command: CreateCommand, options: RunOptions): Promise<void> {
    const { connection, keys, isSplit } = this.#options;
    if (!isSplit) return;
    const { index } = keys.app(command.appName);
    // Else a list passes over it, and a purge takes it out.
    await connection
      .ask(["zrem", index, appMember(command)], { ...options, isWrite: true })
      .catch(() => {});
  }

  /** Where the app's sets are in another slot they name at least what waits and what is open. */
  async #announce(
    { appName, userId, sessionId }: SessionKey,
    incarnation: string,
    patch: HeaderPatch,
    options: RunOptions,
  ): Promise<void> {
    const { connection, keys, isSplit } = this.#options;
    if (!isSplit) return;
    const words = [appMember({ userId, sessionId, incarnation })];
    const { open, waiting } = keys.app(appName);
    if (patch.invocationId !== undefined)
      await connection.run({ script: MARK, keys: [open], words }, options);
    if (typeof patch.pendingCalls === "string")
      await connection.run({ script: MARK, keys: [waiting], words }, options);
  }
}

function pick({ appName, userId, sessionId }: SessionKey): SessionKey {
  return { appName, userId, sessionId };
}

function toGrant(reply: unknown, key: SessionKey): Outcome<{ grant: Grant }> {
  const { status, rest } = splitReply(reply);
  if (status !== "ok") return toRefusal(reply, key);
  const [incarnation, epoch, attempt, expiresInMs, cancel, lastSequence, invocationId] = rest;
  const grant: Grant = {
    incarnation: String(incarnation),
    epoch: Number(epoch),
    attempt: Number(attempt),
    expiresInMs: Number(expiresInMs),
    cancelRequested: Number(cancel) === 1,
    lastSequence: Number(lastSequence),
  };
  if (invocationId !== "") grant.invocationId = String(invocationId);
  return { status: "ok", grant };
}
