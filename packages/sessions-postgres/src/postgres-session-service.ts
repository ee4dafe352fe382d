import { AdkError, BaseSessionService, type BaseSessionServiceOptions } from "@adk/core";
import { checkOptions } from "./check-options.ts";
import { CONNECTION_OPTIONS, openPools, type PostgresConnectionOptions } from "./connect.ts";
import { checkSchemaName } from "./schema.ts";
import {
  PostgresSessionStore,
  STORE_OPTIONS,
  type PostgresSessionStoreOptions,
} from "./postgres-session-store.ts";

/** Options of the service: its store's, and those of every session service. */
export interface PostgresSessionServiceOptions
  extends PostgresSessionStoreOptions, BaseSessionServiceOptions {}

/** Options of {@link PostgresSessionService.connect}: the pools are its own. */
export interface ConnectPostgresOptions
  extends
    Omit<PostgresSessionServiceOptions, "client" | "notificationClient">,
    PostgresConnectionOptions {}

type StoreOption = keyof PostgresSessionStoreOptions;

/** Sessions in PostgreSQL. */
export class PostgresSessionService extends BaseSessionService {
  #pools: AsyncDisposable | undefined;

  /** The client stays yours: closing the service does not close it. */
  constructor(options: PostgresSessionServiceOptions) {
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
    const { store, connection, service } = split({ ...options, ...read.options });
    checkOptions("PostgresSessionService.connect", connection, CONNECTION_OPTIONS);
    const { client: _none, notificationClient: _nor, ...rows } = STORE_OPTIONS;
    checkOptions("PostgresSessionService.connect", store, rows);
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

/** Which options go where; those of neither are the base's, which knows its own. */
function split(options: object): {
  store: Record<string, unknown>;
  connection: Record<string, unknown>;
  service: BaseSessionServiceOptions;
} {
  if (typeof options !== "object" || options === null)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "PostgresSessionService takes an object with its options.",
    );
  const store: Record<string, unknown> = {};
  const connection: Record<string, unknown> = {};
  const service: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(STORE_OPTIONS, name)) {
      store[name satisfies string as StoreOption] = value;
      // Both look now and then.
      if (name === "pollMs") service[name] = value;
    } else if (Object.hasOwn(CONNECTION_OPTIONS, name)) connection[name] = value;
    else service[name] = value;
  }
  return { store, connection, service };
}

function readUrl(url: string): { url: string; options: Record<string, unknown> } {
  let parsed: URL | undefined;
  try {
    parsed = new URL(url);
  } catch {
    parsed = undefined;
  }
  if (parsed?.protocol !== "postgres:" && parsed?.protocol !== "postgresql:")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URL must be one of PostgreSQL: postgresql://user@host:5432/database.",
    );
  const options: Record<string, unknown> = {};
  for (const name of ["schema", "migrations", "ttlMs", "pooler"]) {
    const value = parsed.searchParams.get(name);
    if (value === null) continue;
    parsed.searchParams.delete(name);
    options[name] =
      name === "ttlMs"
        ? Number(value)
        : name === "pooler"
          ? value === "true" || value === "1"
          : value;
  }
  return { url: parsed.href, options };
}
