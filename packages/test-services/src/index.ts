/** `@adk/test-services`: real servers for tests, isolated places on them, and what makes them fail. */
export { FaultProxy, type FaultProxyOptions } from "./fault-proxy.ts";
export { freshFolder, type FreshFolder } from "./fresh-folder.ts";
export { offered } from "./offered.ts";
export { startPgBouncer } from "./pgbouncer.ts";
export {
  freshSchema,
  sharedPostgres,
  startPostgres,
  type FreshSchema,
  type StartPostgresOptions,
} from "./postgres.ts";
export {
  freshKeyPrefix,
  sharedRedis,
  startRedis,
  type FreshKeyPrefix,
  type StartRedisOptions,
} from "./redis.ts";
export type { OwnServer, TestServer } from "./server.ts";
