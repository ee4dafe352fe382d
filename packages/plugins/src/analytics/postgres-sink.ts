import { AdkError, checkOptions, type OptionCheck } from "@adk/core";
import { filledText } from "../internal/option-checks.ts";
import type { AnalyticsRow } from "./analytics-row.ts";
import type { AnalyticsSink } from "./analytics-sink.ts";
import { postgresError } from "./errors.ts";
import { createTableSql, insertSql, placeOf } from "./postgres-sql.ts";

/** One statement, as `pg` takes it. */
export interface PostgresSinkQuery {
  text: string;
  values?: unknown[];
}

/** A connection taken out of a pool. */
export interface PostgresSinkConnection {
  query(config: PostgresSinkQuery): Promise<unknown>;
  /** Gives it back; with `true` it is closed instead. */
  release(destroy?: boolean): void;
}

/** What the sink needs of a database client: a `Pool` of `pg` fits, without its types. */
export interface PostgresSinkClient {
  query(config: PostgresSinkQuery): Promise<unknown>;
  /** Without it, a statement that hangs holds its connection until the client's own limit. */
  connect?(): Promise<PostgresSinkConnection>;
}

/** Which table. */
export interface PostgresSinkOptions {
  /** The app's own; it is never closed here. */
  client: PostgresSinkClient;
  /** Where the table is; it must be there. @defaultValue "public" */
  schema?: string | undefined;
  /** A name alone, without a dot. @defaultValue "agent_events" */
  table?: string | undefined;
}

/** A dot would be a part of the name: `"nc.agent_events"` in `public`. */
const tableName: OptionCheck = (value) =>
  typeof value === "string" && value.includes(".")
    ? 'a name without a dot: for "nc.agent_events" give `schema: "nc", table: "agent_events"`'
    : filledText(value);

/** Stores rows in a table of PostgreSQL, a statement a batch; a `row_id` that is there already is left as it is. */
export class PostgresSink implements AnalyticsSink {
  readonly #client: PostgresSinkClient;
  readonly #createTable: string;
  readonly #insert: string;
  readonly #place: string;

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is missing, unknown or ill-typed. */
  constructor(options: PostgresSinkOptions) {
    checkOptions("PostgresSink", options, {
      client: (value) =>
        typeof (value as Partial<PostgresSinkClient> | null)?.query === "function"
          ? undefined
          : "a client with `query`, for instance a Pool of pg",
      schema: filledText,
      table: tableName,
    });
    if (options.client === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "PostgresSink needs a `client`: new PostgresSink({ client: new Pool() }).",
      );
    this.#client = options.client;
    const { schema = "public", table = "agent_events" } = options;
    this.#place = placeOf(schema, table);
    this.#createTable = createTableSql(schema, table);
    this.#insert = insertSql(schema, table);
  }

  /**
   * Makes the table and its indexes where they are missing; harmless when many do it at once. The schema must be there.
   *
   * @throws AdkError `SCHEMA_MISMATCH` without the schema, `PERMISSION_DENIED`, `UNAVAILABLE`.
   */
  async createTable(): Promise<void> {
    try {
      await this.#client.query({ text: this.#createTable });
    } catch (error) {
      throw postgresError(error, this.#place);
    }
  }

  /** @throws AdkError `ABORTED` when the signal has fired; else what became of the statement. */
  async write(rows: readonly AnalyticsRow[], { signal }: { signal: AbortSignal }): Promise<void> {
    try {
      await this.#write({ text: this.#insert, values: [JSON.stringify(rows)] }, signal);
    } catch (error) {
      throw signal.aborted ? aborted(signal) : postgresError(error, this.#place);
    }
  }

  async #write(query: PostgresSinkQuery, signal: AbortSignal): Promise<void> {
    if (this.#client.connect === undefined) return void (await this.#client.query(query));
    const connection = await this.#client.connect();
    let isOpen = true;
    /** A statement that hangs must not keep a connection from the app. */
    const giveUp = (): void => {
      if (!isOpen) return;
      isOpen = false;
      connection.release(true);
    };
    if (signal.aborted) connection.release();
    signal.throwIfAborted();
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      await connection.query(query);
    } catch (error) {
      giveUp();
      throw error;
    } finally {
      signal.removeEventListener("abort", giveUp);
      if (isOpen) connection.release();
    }
  }
}

function aborted({ reason }: AbortSignal): AdkError {
  return new AdkError("ABORTED", "The write was given up; its rows may be stored or not.", {
    cause: reason,
    retryable: true,
    details: { committed: "unknown" },
  });
}
