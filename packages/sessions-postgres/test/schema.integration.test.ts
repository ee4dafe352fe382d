import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createEvent } from "@adk/core";
import { freshSchema, offered, sharedPostgres } from "@adk/test-services";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionService, PostgresSessionStore, schemaSql } from "../src/index.ts";
import { asking, one } from "./support/asking.ts";

const server = await offered(sharedPostgres);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const FIXTURES = new URL("./fixtures/", import.meta.url);
const KEY = { appName: "app", userId: "user", sessionId: "session" };

describe.skipIf(!server)("the schema", () => {
  const url = server?.url ?? "";

  async function tables(schema: string): Promise<string[]> {
    return await asking(url, async (client) => {
      const { rows } = await client.query<{ tablename: string }>(
        "select tablename from pg_tables where schemaname = $1 order by 1",
        [schema],
      );
      return rows.map(({ tablename }) => tablename);
    });
  }

  it("is created by 20 processes at once, once", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    const services = await Promise.all(
      Array.from(
        { length: 20 },
        async () => await PostgresSessionService.connect(url, { schema, maxConnections: 1 }),
      ),
    );
    await Promise.all(services.map(async (service) => await service.migrate()));
    await Promise.all(services.map(async (service) => await service[Symbol.asyncDispose]()));
    const { rows } = await asking(
      url,
      async (client) =>
        await client.query(`select version, works_from from ${schema}.adk_migration`),
    );
    expect(rows).toEqual([{ version: 1, works_from: 1 }]);
  });

  it("is only looked at with `verify`, and said to be missing", async () => {
    await using place = await freshSchema(server!);
    await using service = await PostgresSessionService.connect(url, {
      schema: place.schema,
      migrations: "verify",
    });
    await expect(service.createSession(KEY)).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      details: { committed: false, installed: 0, needed: 1 },
    });
    expect(await tables(place.schema)).toEqual([]);
    await service.migrate();
    expect((await service.createSession(KEY)).id).toBe("session");
  });

  it("is refused when it is newer than this version knows, before anything is written", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    await using first = await PostgresSessionService.connect(url, { schema });
    await first.createSession(KEY);
    const put = async (worksFrom: number): Promise<void> => {
      const text = `insert into ${schema}.adk_migration (version, works_from) values ($1, $2)`;
      await asking(url, async (client) => await client.query(text, [1 + worksFrom, worksFrom]));
    };
    await asking(url, async (client) => {
      await client.query(`alter table ${schema}.adk_session add column later text default 'x'`);
      await client.query(`alter table ${schema}.adk_event add column later integer`);
    });
    await put(1);
    await using beside = await PostgresSessionService.connect(url, { schema });
    const session = await beside.getSession(KEY);
    const event = createEvent({ author: "user", invocationId: "e-1" });
    await beside.appendEvent({ session: session!, event });
    await first.appendEvent({
      session: session!,
      event: createEvent({ author: "user", invocationId: "e-1" }),
    });
    expect((await beside.getSession(KEY))?.lastSequence).toBe(2);
    await put(2);
    for (const migrations of ["auto", "verify"] as const) {
      await using old = await PostgresSessionService.connect(url, { schema, migrations });
      for (const call of [
        async () => await old.deleteSession(KEY),
        async () => await old.migrate(),
      ])
        await expect(call()).rejects.toMatchObject({
          code: "SCHEMA_MISMATCH",
          message: expect.stringContaining("Update") as string,
        });
    }
    expect(await one(url, `select count(*)::int as n from ${schema}.adk_session`)).toEqual({
      n: 1,
    });
  });

  it("waits for its lock with a limit, and leaves nothing half made", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    const holder = new pg.Client({ connectionString: url });
    await holder.connect();
    try {
      await holder.query("begin");
      await holder.query(
        "select pg_advisory_xact_lock(hashtextextended('adk:migrate:' || $1, 0))",
        [schema],
      );
      const text = schemaSql(schema).replace("'15s'", "'200ms'");
      await expect(asking(url, async (client) => await client.query(text))).rejects.toMatchObject({
        code: "55P03",
      });
      expect(await tables(schema)).toEqual([]);
    } finally {
      await holder.end();
    }
    await using service = await PostgresSessionService.connect(url, { schema });
    await service.createSession(KEY);
  });

  it("may belong to another role than the one that works with it", async () => {
    await using place = await freshSchema(server!, "adk test");
    const { schema } = place;
    const role = `adk_app_${schema.slice(-8)}`;
    const cli = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
    const words = ["--conditions=@adk/source", cli, "sql", "--schema", schema, "--role", role];
    const { stdout, status } = spawnSync(process.execPath, words, { encoding: "utf8" });
    expect(status).toBe(0);
    await asking(url, async (client) => {
      await client.query(`create role ${role} login`);
      await client.query(stdout);
      await client.query(stdout);
    });
    const theirs = new URL(url);
    theirs.username = role;
    try {
      for (const migrations of ["auto", "verify"] as const) {
        await using service = await PostgresSessionService.connect(theirs.href, {
          schema,
          migrations,
        });
        const session = await service.getOrCreateSession({
          ...KEY,
          state: { a: 1, "user:b": 2, "app:c": 3 },
        });
        const event = createEvent({
          author: "user",
          invocationId: "e-1",
          actions: { stateDelta: { a: 2 } },
        });
        await service.appendEvent({ session, event });
        await service.purgeExpired({ limit: 1 });
        await service.deleteUser({ appName: KEY.appName, userId: KEY.userId });
      }
      await using other = await PostgresSessionService.connect(theirs.href, {
        schema: `${schema}2`,
      });
      await expect(other.createSession(KEY)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
      await asking(url, async (client) => {
        await client.query(
          `revoke delete on all tables in schema ${pg.escapeIdentifier(schema)} from ${role}`,
        );
      });
      await using service = await PostgresSessionService.connect(theirs.href, { schema });
      await service.createSession(KEY);
      await expect(service.deleteSession(KEY)).rejects.toMatchObject({
        code: "PERMISSION_DENIED",
        details: { committed: false },
      });
    } finally {
      await asking(url, async (client) => {
        await client.query(`drop owned by ${role} cascade`);
        await client.query(`drop role ${role}`);
      });
    }
  });

  it("prints what the fixture of its version says", () => {
    const fixture = readFileSync(new URL("schema-1.sql", FIXTURES), "utf8");
    expect(`begin;\n${schemaSql("adk")}commit;\n`).toBe(fixture);
  });

  it("of every version ever shipped is read, unknown members of events too", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    for (const name of ["schema-1.sql", "data-1.sql"]) {
      const text = readFileSync(new URL(name, FIXTURES), "utf8");
      const moved = text.replaceAll('"adk"', `"${schema}"`).replaceAll("'adk'", `'${schema}'`);
      await asking(url, async (client) => await client.query(moved));
    }
    const pool = new pg.Pool({ connectionString: url });
    await using store = new PostgresSessionStore({ client: pool, schema });
    await using service = new PostgresSessionService({ client: pool, schema });
    const session = await service.getSession({ ...KEY, config: { includeInitialState: true } });
    expect(session).toMatchObject({
      title: "A title",
      labels: { team: "red" },
      state: { own: [1], "user:name": "Ada", "app:tone": "dry" },
      lastSequence: 2,
      pendingCalls: { c1: { since: 1, agent: "clerk", name: "ask" } },
    });
    expect(session?.events.map(({ author }) => author)).toEqual(["user", "clerk"]);
    expect(session?.events[1]).toMatchObject({ ofTheFuture: { kept: true } });
    const snapshot = await store.read({ ...KEY, initialState: true, kept: true, events: {} });
    expect({ ...snapshot?.initialState }).toEqual({ own: "[0]" });
    expect(snapshot?.header).toMatchObject({ invocationId: "e-1", attempt: 1, windowFrom: 1 });
    const event = createEvent({ author: "user", invocationId: "e-2" });
    await service.appendEvent({ session: session!, event });
    expect((await service.getSession(KEY))?.events).toHaveLength(3);
    await pool.end();
  });
});
