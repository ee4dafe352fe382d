import {
  AdkError,
  BaseSessionService,
  SESSION_SERVICE_OPTIONS,
  type BaseSessionServiceOptions,
  type OptionCheck,
} from "@adk/core";
import { SqliteSessionStore, type SqliteSessionStoreOptions } from "./sqlite-session-store.ts";
import { checkStoreOptions, STORE_OPTIONS } from "./store-options.ts";

/** Options of the service on SQLite: those of the store, and those of every session service. */
export interface SqliteSessionServiceOptions
  extends SqliteSessionStoreOptions, BaseSessionServiceOptions {}

const OPTIONS: Readonly<Record<keyof SqliteSessionServiceOptions, OptionCheck>> = {
  ...SESSION_SERVICE_OPTIONS,
  ...STORE_OPTIONS,
};

/** Sessions in one SQLite file. */
export class SqliteSessionService extends BaseSessionService {
  readonly #store: SqliteSessionStore;

  /** @throws AdkError `INVALID_ARGUMENT` for an option that there is not, or that cannot be used. */
  constructor(options: SqliteSessionServiceOptions) {
    refuseText(options);
    checkStoreOptions("SqliteSessionService", options, OPTIONS);
    const { path, migrations, ttlMs, lockTimeoutMs, watchIntervalMs, ...others } = options;
    const { clock } = others;
    const store = new SqliteSessionStore({
      path,
      migrations,
      ttlMs,
      lockTimeoutMs,
      watchIntervalMs,
      clock,
    });
    super(store, others);
    this.#store = store;
  }

  /** A service whose file has been opened: what is wrong with it is said here. */
  static async connect(options: SqliteSessionServiceOptions): Promise<SqliteSessionService> {
    const service = new SqliteSessionService(options);
    await service.#store.connect();
    return service;
  }

  /**
   * Copies everything, as it is at this moment, to a new file of mode 0600, while this and other processes go on.
   *
   * @throws AdkError `FAILED_PRECONDITION` when there is such a file; `UNSUPPORTED` for `:memory:`.
   */
  async backup(path: string): Promise<void> {
    await this.#store.backup(path);
  }
}

/** A path or a URI alone is the mistake that is easily made; it is not repeated. */
function refuseText(options: unknown): void {
  if (typeof options === "string")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "SqliteSessionService takes options, not a text. With a path: `await SqliteSessionService.connect({ path })`; with a URI: `await createSessionService(uri)` of @adk/core.",
    );
}
