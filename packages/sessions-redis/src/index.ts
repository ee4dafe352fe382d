/** `@adk/sessions-redis`: sessions in Redis. */
export type { RedisAddress, RedisConnectionOptions } from "./connect.ts";
export type { Durability } from "./durability.ts";
export type { Tag } from "./keys.ts";
export type { RedisClient } from "./redis-client.ts";
export {
  RedisSessionService,
  sessionServiceFromUri,
  type ConnectRedisOptions,
  type RedisSessionServiceOptions,
} from "./redis-session-service.ts";
export { RedisSessionStore, type RedisSessionStoreOptions } from "./redis-session-store.ts";
