import type {
  AppendCommand,
  CreateCommand,
  LeaseCommand,
  SessionKey,
  UpdateCommand,
} from "@adk/core";
import { APPEND } from "./commands/append.lua.ts";
import { CREATE, FORK } from "./commands/create.lua.ts";
import { LEASE } from "./commands/lease.lua.ts";
import { UPDATE } from "./commands/update.lua.ts";
import type { Call } from "./connection.ts";
import { Outbox } from "./outbox.ts";
import type { Place } from "./place.ts";
import type { Word } from "./redis-client.ts";
import { changeWords, deltaWords, keysOf, patchWords, valuesWords } from "./words.ts";

export interface SessionCallsOptions extends Place {
  readonly ttlMs: number | undefined;
  /** `PUBLISH`, `SPUBLISH`, or '' for no hints. */
  readonly publish: string;
}

/** The scripts of a session with their keys and words, in the order that each script's head lists. */
export class SessionCalls {
  readonly #options: SessionCallsOptions;
  readonly #durable: string;
  readonly #ttl: string;

  constructor(options: SessionCallsOptions) {
    this.#options = options;
    this.#durable = options.connection.isDurable ? "1" : "";
    this.#ttl = options.ttlMs === undefined ? "" : String(options.ttlMs);
  }

  /** @param serial its place in the order of creation, or '' where the script gives it. */
  create(command: CreateCommand, serial: string): Call {
    const { isSplit } = this.#options;
    const { initialState, shared, fork } = command;
    if (fork) return this.#fork(command, fork, serial);
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

  append(command: AppendCommand): Call {
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

  /**
   * For an append that touches nothing but the log and the lease: a third of the keys. The script asks for all of them, by
   * `whole`, when the session has a time to live of its own.
   *
   * @returns `undefined` when it touches more.
   */
  plainAppend(command: AppendCommand): Call | undefined {
    const { delta, lease } = command;
    const isPlain =
      this.#ttl === "" &&
      !delta?.app &&
      !delta?.user &&
      !delta?.session &&
      Object.keys(lease?.header ?? {}).length === 0;
    if (!isPlain) return undefined;
    const { header, events, ids } = this.#options.keys.session(command);
    return { script: APPEND, keys: [header, events, ids], words: this.#appendWords(command) };
  }

  update(command: UpdateCommand): Call {
    const { keys, publish } = this.#options;
    const { incarnation = "", cancel = "", title, labels = {} } = command;
    const removed = Object.keys(labels).filter((name) => labels[name] === null);
    const set = Object.entries(labels).flatMap(([name, value]) =>
      value === null ? [] : [name, value],
    );
    return {
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
  }

  lease(command: LeaseCommand): Call {
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

  #fork(command: CreateCommand, fork: NonNullable<CreateCommand["fork"]>, serial: string): Call {
    const { appName, userId } = command;
    const source = this.#options.keys.session({ appName, userId, sessionId: fork.sessionId });
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

  #keysOf(key: SessionKey): string[] {
    const { keys, isSplit } = this.#options;
    const app = isSplit ? undefined : keys.app(key.appName);
    return keysOf(keys.session(key), keys.user(key.appName, key.userId), app);
  }
}
