/** `@adk/sessions-postgres`: sessions in PostgreSQL. */
export type { PostgresConnectionOptions } from "./connect.ts";
export {
  PostgresSessionService,
  sessionServiceFromUri,
  type ConnectPostgresOptions,
  type PostgresSessionServiceOptions,
} from "./postgres-session-service.ts";
export { PostgresSessionStore } from "./postgres-session-store.ts";
export type { Queryable, QueryableClient, QueryConfig, QueryRows } from "./queryable.ts";
export { schemaSql } from "./schema.ts";
export type { PostgresSessionStoreOptions } from "./store-options.ts";
