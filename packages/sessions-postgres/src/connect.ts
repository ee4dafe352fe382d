import { AdkError, type OptionCheck, integer } from "@adk/core";
import type { Queryable } from "./queryable.ts";

/** How to reach the server. */
export interface PostgresConnectionOptions {
  /** A text, or a function that is asked for each new connection: tokens that rotate. What the URL says wins. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /** As `pg` takes it: `true`, or `{ ca, cert, key, servername, rejectUnauthorized }`. What the URL says wins. */
  readonly ssl?: boolean | Readonly<Record<string, unknown>> | undefined;
  /** Connections for commands. One more listens while somebody follows a session. @defaultValue 10 */
  readonly maxConnections?: number | undefined;
  /** How long connecting may take, in milliseconds. @defaultValue 5,000 */
  readonly connectTimeoutMs?: number | undefined;
  /** When the server gives a statement up, in milliseconds. Not with `pooler`. @defaultValue `timeoutMs` */
  readonly statementTimeoutMs?: number | undefined;
  /** When the server gives a wait for a lock up, in milliseconds. Not with `pooler`. @defaultValue half of `timeoutMs` */
  readonly lockTimeoutMs?: number | undefined;
  /** What the server shows the connections as. @defaultValue "adk" */
  readonly applicationName?: string | undefined;
}

/** A row for every option. */
export const CONNECTION_OPTIONS: Readonly<Record<keyof PostgresConnectionOptions, OptionCheck>> = {
  password: (value) =>
    typeof value === "string" || typeof value === "function" ? undefined : "a text or a function",
  ssl: (value) =>
    typeof value === "boolean" || (typeof value === "object" && value !== null)
      ? undefined
      : "true, false or an object",
  maxConnections: integer(1, 10_000),
  connectTimeoutMs: integer(1, 2_147_483_647),
  statementTimeoutMs: integer(1, 2_147_483_647),
  lockTimeoutMs: integer(1, 2_147_483_647),
  applicationName: "string",
};

export interface OpenPoolsOptions extends PostgresConnectionOptions {
  readonly pooler: boolean;
  readonly timeoutMs: number;
}

/** Our own pools, and what closes them. */
export interface Pools extends AsyncDisposable {
  readonly client: Queryable;
  /** Of at most two connections: one listens for followers, one tries whether notifications arrive. Absent behind a pooler. */
  readonly notificationClient: Queryable | undefined;
}

/** The part of `pg` that we use; users need no types of it. */
interface Pg {
  Client: new (config: unknown) => object;
  Pool: new (config: Record<string, unknown>) => Queryable & { end(): Promise<void> };
}

/** @throws {@link AdkError} `MISCONFIGURED` when `pg` is not installed. */
export async function openPools(url: string, options: OpenPoolsOptions): Promise<Pools> {
  const { Client, Pool } = await loadPg();
  const { pooler, timeoutMs } = options;
  const config: Record<string, unknown> = {
    connectionString: url,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    application_name: options.applicationName ?? "adk",
  };
  if (options.password !== undefined && new URL(url).password === "")
    config["Client"] = withPassword(Client, options.password);
  if (options.ssl !== undefined) config["ssl"] = options.ssl;
  if (!pooler) {
    config["statement_timeout"] = options.statementTimeoutMs ?? timeoutMs;
    config["lock_timeout"] = options.lockTimeoutMs ?? Math.max(1, Math.floor(timeoutMs / 2));
    // Whatever the role's default is: nothing here needs more, and more makes appends that meet fail.
    config["options"] = "-c default_transaction_isolation=read\\ committed";
  }
  const open = (max: number): InstanceType<Pg["Pool"]> => new Pool({ ...config, max });
  const client = open(options.maxConnections ?? 10);
  const notificationClient = pooler ? undefined : open(2);
  return {
    client,
    notificationClient,
    async [Symbol.asyncDispose]() {
      await Promise.all([client.end(), notificationClient?.end()]);
    },
  };
}

/** Beside a connection string `pg` forgets the option `password`, also when the string has none: so each client is told. */
function withPassword(
  Client: Pg["Client"],
  password: NonNullable<PostgresConnectionOptions["password"]>,
): Pg["Client"] {
  return class extends Client {
    constructor(config: unknown) {
      super(config);
      Object.defineProperty(this, "password", { value: password, writable: true });
    }
  };
}

async function loadPg(): Promise<Pg> {
  try {
    const module = (await import("pg")) as unknown as { default?: Pg } & Pg;
    return module.default ?? module;
  } catch (error) {
    throw new AdkError("MISCONFIGURED", "pg is not installed. Install it: `npm install pg`.", {
      cause: error,
    });
  }
}
