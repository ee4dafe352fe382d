import { createHash } from "node:crypto";
import { AdkError, Deadline } from "@adk/core";
import {
  discardsConnection,
  isSerializationFailure,
  isStatementConfusion,
  toAdkError,
} from "./errors.ts";
import type { Queryable, QueryableClient, QueryConfig } from "./queryable.ts";
import { serverOf } from "./server-of.ts";
import { surviveErrors, surviveErrorsOfPool } from "./survive-errors.ts";

/** A parameter: arrays are written as PostgreSQL's array literals by {@link arrayLiteral}. */
export type Parameter = string | number | boolean | null;

/** A row of texts: whatever parsers of types the client was given. */
export type Row = readonly (string | null)[];

export interface DatabaseOptions {
  readonly client: Queryable;
  readonly timeoutMs: number;
  /** Whether statements are prepared once a connection. Not behind a pooler. */
  readonly prepares: boolean;
}

export interface RunOptions {
  readonly isWrite: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** How often a transaction that the server undid by itself is sent again at once. */
const MAX_TRIES = 20;

/**
 * Sends statements, each a transaction of its own, under a deadline of ours: a server that never answers, a pool that is
 * exhausted and a network that swallows packets all end in time. A connection on which something was left unanswered, or
 * which leads to a server that does not write, is not used again.
 */
export class Database {
  /** Its name in messages. */
  readonly server: string;
  readonly #client: Queryable;
  readonly #timeoutMs: number;
  readonly #names: Map<string, string> = new Map();
  #prepares: boolean;

  constructor(options: DatabaseOptions) {
    this.#client = options.client;
    surviveErrorsOfPool(options.client);
    this.#timeoutMs = options.timeoutMs;
    this.server = serverOf(options.client);
    this.#prepares = options.prepares;
  }

  /** Whether a connection can be held, for notifications. */
  get canHold(): boolean {
    return this.#client.connect !== undefined;
  }

  get prepares(): boolean {
    return this.#prepares;
  }

  /**
   * One statement. Its first column, and all others, are texts.
   *
   * @throws {@link AdkError} of the store group, `details.committed` says what a write left behind.
   */
  async run(text: string, parameters: readonly Parameter[], options: RunOptions): Promise<Row[]> {
    using deadline = this.#deadline(this.#timeoutMs, options);
    for (let attempt = 1; ; attempt++) {
      deadline.check();
      const named = this.#prepares;
      try {
        return await this.#once(this.#config(text, parameters), deadline);
      } catch (error) {
        if (AdkError.isInstance(error)) throw error;
        if (named && isStatementConfusion(error)) {
          this.#prepares = false;
          continue;
        }
        if (isSerializationFailure(error) && attempt < MAX_TRIES) {
          const pauseMs = Math.random() * 2 * attempt;
          await deadline.race(new Promise<void>((resolve) => setTimeout(resolve, pauseMs)));
          continue;
        }
        throw toAdkError(error, { isSent: deadline.isSent, isWrite: options.isWrite });
      }
    }
  }

  /** Several statements without parameters, as one transaction: the simple protocol's own. */
  async script(text: string, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    using deadline = this.#deadline(timeoutMs, { isWrite: true, signal });
    try {
      await this.#once({ text }, deadline);
    } catch (error) {
      throw toAdkError(error, { isSent: deadline.isSent, isWrite: true });
    }
  }

  /** A connection for as long as its caller wants it. */
  async hold(signal?: AbortSignal): Promise<QueryableClient> {
    using deadline = this.#deadline(this.#timeoutMs, { isWrite: false, signal });
    try {
      const client = await this.#checkOut(deadline);
      if (client) return client;
    } catch (error) {
      throw toAdkError(error, { isSent: false, isWrite: false });
    }
    throw new AdkError("UNSUPPORTED", "The client has no `connect`: no connection can be held.");
  }

  #deadline(timeoutMs: number, { isWrite, signal }: RunOptions): Deadline {
    return new Deadline({ timeoutMs, isWrite, signal, server: this.server });
  }

  async #once(config: QueryConfig, deadline: Deadline): Promise<Row[]> {
    const client = await this.#checkOut(deadline);
    deadline.check();
    deadline.isSent = true;
    if (!client) return (await deadline.race(this.#client.query(config))).rows as Row[];
    const running = client.query(config);
    try {
      const { rows } = await deadline.race(running);
      client.release();
      return rows as Row[];
    } catch (error) {
      if (deadline.error === error) void giveBack(client, running, deadline);
      else client.release(discardsConnection(error) ? asError(error) : undefined);
      throw error;
    }
  }

  async #checkOut(deadline: Deadline): Promise<QueryableClient | undefined> {
    if (!this.#client.connect) return undefined;
    const connecting = this.#client.connect();
    try {
      const client = await deadline.race(connecting);
      surviveErrors(client);
      return client;
    } catch (error) {
      // It may still come: then it goes back unused.
      if (deadline.error === error)
        connecting.then(
          (client) => client.release(),
          () => {},
        );
      throw error;
    }
  }

  #config(text: string, parameters: readonly Parameter[]): QueryConfig {
    const config: QueryConfig = { text, values: [...parameters], rowMode: "array" };
    if (this.#prepares) config.name = this.#nameOf(text);
    return config;
  }

  /** Other schemas' statements have other names: a client refuses one name for two texts. */
  #nameOf(text: string): string {
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `adk_${createHash("sha256").update(text).digest("hex").slice(0, 24)}`;
      this.#names.set(text, name);
    }
    return name;
  }
}

/** After a deadline or an abort: a connection goes back when it has answered, and is closed when it does not in time. */
async function giveBack(
  client: QueryableClient,
  running: Promise<unknown>,
  deadline: Deadline,
): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<true>((resolve) => {
    timer = setTimeout(() => resolve(true), deadline.leftMs);
  });
  const settled = running.then(
    () => undefined,
    (error: unknown) => (discardsConnection(error) ? asError(error) : undefined),
  );
  const error = await Promise.race([settled, late]);
  clearTimeout(timer);
  client.release(error);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** `{"a",NULL}`: PostgreSQL reads it whatever client sends it. */
export function arrayLiteral(items: readonly (string | number | null)[]): string {
  const words = items.map((item) => {
    if (item === null) return "NULL";
    if (typeof item === "number") return String(item);
    return `"${item.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  });
  return `{${words.join(",")}}`;
}

/** An identifier as SQL writes it, whatever is in it. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
