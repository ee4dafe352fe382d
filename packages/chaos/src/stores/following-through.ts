import type { BaseSessionService } from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { RedisSessionService } from "@adk/sessions-redis";
import type { FaultProxy } from "@adk/test-services";
import { Redis } from "ioredis";
import pg from "pg";
import type { Address } from "./address.ts";
import type { ServerPlace } from "./place.ts";

/** A service whose commands go straight to the server, and whose notifications come through a proxy. */
export async function followingThrough(
  { address }: Pick<ServerPlace, "address">,
  proxy: FaultProxy,
): Promise<{ readonly service: BaseSessionService } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const service = stack.use(made(address, proxy, stack));
  const kept = stack.move();
  return { service, [Symbol.asyncDispose]: async () => await kept.disposeAsync() };
}

function made(
  address: Address,
  proxy: FaultProxy,
  stack: AsyncDisposableStack,
): BaseSessionService {
  switch (address.store) {
    case "postgres": {
      const pool = (connectionString: string): pg.Pool => {
        const opened = new pg.Pool({ connectionString, max: 4, connectionTimeoutMillis: 1_000 });
        opened.on("error", () => {});
        stack.defer(async () => await opened.end());
        return opened;
      };
      return new PostgresSessionService({
        client: pool(address.url),
        notificationClient: pool(proxy.through(address.url)),
        schema: address.schema,
      });
    }
    case "redis": {
      const client = (url: string): Redis => {
        const opened = new Redis(url, { connectTimeout: 1_000 });
        opened.on("error", () => {});
        stack.defer(() => opened.disconnect());
        return opened;
      };
      return new RedisSessionService({
        client: client(address.url),
        subscriber: client(proxy.through(address.url)),
        keyPrefix: address.keyPrefix,
      });
    }
    case "sqlite":
      throw new Error("SQLite has no notifications.");
  }
}
