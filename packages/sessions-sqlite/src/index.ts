/** `@adk/sessions-sqlite`: sessions in one SQLite file. */
export { sessionServiceFromUri } from "./session-service-from-uri.ts";
export {
  SqliteSessionService,
  type SqliteSessionServiceOptions,
} from "./sqlite-session-service.ts";
export { SqliteSessionStore, type SqliteSessionStoreOptions } from "./sqlite-session-store.ts";
