import {
  AdkError,
  BaseSessionService,
  checkOptions,
  SESSION_SERVICE_OPTIONS,
  type BaseSessionServiceOptions,
  type OptionCheck,
} from "@adk/core";
import { CONNECTION_OPTIONS, openPools, type PostgresConnectionOptions } from "./connect.ts";
import { readUrl } from "./read-url.ts";
import { checkSchemaName } from "./schema-script.ts";
import { PostgresSessionStore } from "./postgres-session-store.ts";
import { STORE_OPTIONS, type PostgresSessionStoreOptions } from "./store-options.ts";

/** Options of the service: its store's, and those of every session service. */
export interface PostgresSessionServiceOptions
  extends PostgresSessionStoreOptions, BaseSessionServiceOptions {}

/** Options of {@link PostgresSessionService.connect}: the pools are its own. */
export interface ConnectPostgresOptions
  extends
    Omit<PostgresSessionServiceOptions, "client" | "notificationClient">,
    PostgresConnectionOptions {}

const OPTIONS: Readonly<Record<keyof PostgresSessionServiceOptions, OptionCheck>> = {
  ...SESSION_SERVICE_OPTIONS,
  ...STORE_OPTIONS,
};

const { client: _none, notificationClient: _nor, ...WITHOUT_CLIENTS } = OPTIONS;

const CONNECT_OPTIONS: Readonly<Record<keyof ConnectPostgresOptions, OptionCheck>> = {
  ...WITHOUT_CLIENTS,
  ...CONNECTION_OPTIONS,
};

/** Sessions in PostgreSQL. */
export class PostgresSessionService extends BaseSessionService {
  #pools: AsyncDisposable | undefined;

  /**
   * The client stays yours: closing the service does not close it.
   *
   * @throws {@link AdkError} `INVALID_ARGUMENT` for an option that there is not, or that cannot be used.
   */
  constructor(options: PostgresSessionServiceOptions) {
    if (typeof options === "string")
      throw new AdkError(
        "INVALID_ARGUMENT",
        "PostgresSessionService takes options with a `client`, not a URL. With a URL: `await PostgresSessionService.connect(url)`, or `await createSessionService(url)` of @adk/core.",
      );
    checkOptions("PostgresSessionService", options, OPTIONS);
    const { store, service } = split(options);
    super(new PostgresSessionStore(store as unknown as PostgresSessionStoreOptions), service);
  }

  /**
   * A service with pools of its own, which its disposal closes. Nothing is sent before the first command.
   *
   * @param url `postgresql://user@host:5432/database?sslmode=verify-full`; what `pg` understands, and `schema`, `ttlMs`,
   *   `migrations` and `pooler`. What it says wins over `options`.
   * @throws {@link AdkError} `INVALID_ARGUMENT` for a URL or an option that cannot be used; `MISCONFIGURED` without `pg`.
   */
  static async connect(
    url: string,
    options: ConnectPostgresOptions = {},
  ): Promise<PostgresSessionService> {
    const read = readUrl(url);
    checkOptions("PostgresSessionService.connect", options, CONNECT_OPTIONS);
    const given = { ...options, ...read.options };
    checkOptions("PostgresSessionService.connect", given, CONNECT_OPTIONS);
    const { store, connection, service } = split(given);
    const {
      schema,
      pooler = false,
      timeoutMs = 10_000,
    } = store as Partial<PostgresSessionStoreOptions>;
    if (schema !== undefined) checkSchemaName(schema);
    const pools = await openPools(read.url, {
      ...(connection as PostgresConnectionOptions),
      pooler,
      timeoutMs,
    });
    const made = new PostgresSessionService({
      ...store,
      ...service,
      client: pools.client,
      notificationClient: pools.notificationClient,
    });
    made.#pools = pools;
    return made;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const pools = this.#pools;
    this.#pools = undefined;
    try {
      await super[Symbol.asyncDispose]();
    } finally {
      await pools?.[Symbol.asyncDispose]();
    }
  }
}

/** What `createSessionService` of core calls: the service that a URL names. */
export async function sessionServiceFromUri(uri: string): Promise<BaseSessionService> {
  return await PostgresSessionService.connect(uri);
}

/** Which options go where; `pollMs` to both: each looks now and then. */
function split(options: object): {
  store: Record<string, unknown>;
  connection: Record<string, unknown>;
  service: BaseSessionServiceOptions;
} {
  const of = (table: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(table, name)));
  return {
    store: of(STORE_OPTIONS),
    connection: of(CONNECTION_OPTIONS),
    service: of(SESSION_SERVICE_OPTIONS),
  };
}
