import type { BaseSessionService } from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { RedisSessionService } from "@adk/sessions-redis";
import { Redis } from "ioredis";
import pg from "pg";
import { counted } from "./postgres.ts";

export type StoreName = "postgres" | "redis";

/** A service in a place of a server that counts what it sends. */
export function openStore(
  name: StoreName,
  url: string,
  place: string,
): { service: BaseSessionService; statements(): number } {
  if (name === "postgres") {
    const { client, sent } = counted(new pg.Pool({ connectionString: url }));
    const service = new PostgresSessionService({ client, schema: place });
    return { service, statements: () => sent.length };
  }
  let statements = 0;
  const open = (): Redis => {
    const client = new Redis(url);
    const send = client.sendCommand.bind(client);
    client.sendCommand = (...words) => {
      statements++;
      return send(...words);
    };
    return client;
  };
  const service = new RedisSessionService({ client: open(), keyPrefix: place });
  return { service, statements: () => statements };
}
