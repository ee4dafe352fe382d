import { integer, oneOf, type OptionCheck } from "@adk/core";
import { queryable } from "./option-checks.ts";
import type { Queryable } from "./queryable.ts";

/** Options of the store. */
export interface PostgresSessionStoreOptions {
  /** A `Pool` of `pg`, or what is like one. It stays yours: it is not closed. */
  readonly client: Queryable;
  /** Where the tables are: 1–63 bytes, quoted. @defaultValue "adk" */
  readonly schema?: string | undefined;
  /** `auto` creates and updates the schema before the first command; `verify` never writes to it. @defaultValue "auto" */
  readonly migrations?: "auto" | "verify" | undefined;
  /** Sessions that nothing was appended to for so many milliseconds (and up to a tenth more) are gone. @defaultValue never */
  readonly ttlMs?: number | undefined;
  /** How long a command may take, its wait for a connection included, in milliseconds. @defaultValue 10,000 */
  readonly timeoutMs?: number | undefined;
  /** Whether a pooler of transactions (PgBouncer) stands between: no named statements, no `listen`. @defaultValue false */
  readonly pooler?: boolean | undefined;
  /** `off`: other processes are neither told nor listened to. @defaultValue "auto" */
  readonly notifications?: "auto" | "off" | undefined;
  /** A client whose connections are direct, for `listen` alone. @defaultValue `client`, unless `pooler` */
  readonly notificationClient?: Queryable | undefined;
  /** How often followed sessions are looked at while notifications do not arrive, in milliseconds. @defaultValue 500 */
  readonly pollMs?: number | undefined;
  /** Whether appends of different sessions share a transaction when several are under way. @defaultValue true */
  readonly groupCommit?: boolean | undefined;
  /** How many appends may wait. @defaultValue 10,000 */
  readonly maxQueued?: number | undefined;
}

/** One row for each option; a service adds its own. */
export const STORE_OPTIONS: {
  readonly [Name in keyof Required<PostgresSessionStoreOptions>]: OptionCheck;
} = {
  client: queryable,
  schema: "string",
  migrations: oneOf("auto", "verify"),
  ttlMs: integer(1),
  timeoutMs: integer(1, 2_147_483_647),
  pooler: "boolean",
  notifications: oneOf("auto", "off"),
  notificationClient: queryable,
  pollMs: integer(1),
  groupCommit: "boolean",
  maxQueued: integer(1),
};
