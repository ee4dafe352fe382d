import type { BaseSessionService } from "@adk/core";
import { PostgresSessionService } from "@adk/sessions-postgres";
import { RedisSessionService } from "@adk/sessions-redis";
import { SqliteSessionService } from "@adk/sessions-sqlite";
import { freshSchema, startRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { newEvent, storedBytes } from "../payload.ts";
import { connected, valueOf } from "../postgres.ts";
import { KEY, type Line, type SessionsBench, type SessionsGroup } from "../sessions-bench.ts";

const SESSIONS = 20;
const EVENTS = 100;

/** What an event takes where it is kept: what the stores grow by, indexes and all. */
export const sizes: SessionsGroup = {
  name: "sizes",
  async measure(bench: SessionsBench): Promise<Line[]> {
    const content = (await storedBytes()).length;
    const measured = {
      "PostgreSQL, table and indexes": await onPostgres(bench),
      "SQLite, the file": await onSqlite(bench),
      "Redis, MEMORY USAGE of the keys": await onRedis(),
    };
    return Object.entries(measured).map(([name, bytes]) => ({
      name: `${name}: bytes an event of ${content.toLocaleString("en")}`,
      must: false,
      ours: `${Math.round(bytes).toLocaleString("en")}`,
      found: `${(bytes / content).toFixed(2)} × content`,
    }));
  },
};

async function onPostgres({ postgres }: SessionsBench): Promise<number> {
  await using place = await freshSchema(postgres);
  const { schema } = place;
  await using service = await PostgresSessionService.connect(postgres.url, { schema });
  await using client = await connected(postgres.url);
  return await growth(service, async () => {
    await client.query(`vacuum ${schema}.adk_event`);
    return Number(
      await valueOf(client, "select pg_total_relation_size($1)", [`${schema}.adk_event`]),
    );
  });
}

async function onSqlite({ folder }: SessionsBench): Promise<number> {
  const path = join(folder, "sizes.db");
  await using service = await SqliteSessionService.connect({ path });
  return await growth(service, () => {
    using database = new DatabaseSync(path);
    database.exec("pragma wal_checkpoint(truncate)");
    return statSync(path).size;
  });
}

async function onRedis(): Promise<number> {
  await using server = await startRedis();
  await using service = await RedisSessionService.connect(server.url);
  const client = new Redis(server.url);
  try {
    return await growth(service, async () => {
      let bytes = 0;
      for (const key of await client.keys("*"))
        bytes += (await client.memory("USAGE", key, "SAMPLES", 0)) ?? 0;
      return bytes;
    });
  } finally {
    client.disconnect();
  }
}

/** Bytes an event: between sessions that hold one, and sessions that hold many. */
async function growth(
  service: BaseSessionService,
  bytes: () => number | Promise<number>,
): Promise<number> {
  const sessions = await Promise.all(
    Array.from({ length: SESSIONS }, async () => await service.createSession(KEY)),
  );
  const append = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index++)
      await Promise.all(
        sessions.map(async (session) => await service.appendEvent({ session, event: newEvent() })),
      );
  };
  await append(1);
  const before = await bytes();
  await append(EVENTS);
  return ((await bytes()) - before) / (SESSIONS * EVENTS);
}
