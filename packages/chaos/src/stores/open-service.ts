import type { BaseSessionService } from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { RedisSessionService } from "@adk/sessions-redis";
import { SqliteSessionService } from "@adk/sessions-sqlite";
import type { Address } from "./address.ts";

/** What every store understands. */
export interface OpenOptions {
  /** How often a command is sent: 1 leaves what ended unknown to the caller. */
  readonly maxTries?: number | undefined;
  /** When a command is given up, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  readonly pollMs?: number | undefined;
  /** Of a pool; only PostgreSQL has one. */
  readonly maxConnections?: number | undefined;
}

/** A service of its own, with connections of its own, as another process would have. */
export async function openService(
  address: Address,
  { maxTries, timeoutMs, pollMs, maxConnections }: OpenOptions = {},
): Promise<BaseSessionService> {
  switch (address.store) {
    case "sqlite":
      return await SqliteSessionService.connect({
        path: address.path,
        lockTimeoutMs: timeoutMs ?? 30_000,
        ...given({ maxTries, pollMs }),
      });
    case "postgres":
      return await PostgresSessionService.connect(address.url, {
        schema: address.schema,
        connectTimeoutMs: Math.min(timeoutMs ?? 2_000, 2_000),
        ...given({ maxTries, timeoutMs, pollMs, maxConnections }),
      });
    case "redis":
      return await RedisSessionService.connect(address.url, {
        keyPrefix: address.keyPrefix,
        connectTimeoutMs: Math.min(timeoutMs ?? 2_000, 2_000),
        ...(address.cluster !== undefined && { cluster: address.cluster }),
        ...(address.replicas !== undefined && { durability: { replicas: address.replicas } }),
        // The driver sends again what had no answer, and nobody is told. Who repeats by himself wants to know.
        ...(maxTries === 1 && { maxRetries: 0 }),
        ...given({ maxTries, timeoutMs, pollMs }),
      });
  }
}

/** Without those that are not given. */
function given(options: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(options).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
