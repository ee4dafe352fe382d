import { readFileSync } from "node:fs";
import { createEvent } from "@adk/core";
import { freshSchema, offered, sharedPostgres } from "@adk/test-services";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { buildIndexes } from "../src/build-indexes.ts";
import { Database } from "../src/database.ts";
import { PostgresSessionService } from "../src/index.ts";
import { MIGRATIONS, type LateIndex, type Migration } from "../src/migrations.ts";
import { schemaScript } from "../src/schema-script.ts";
import { asking, one } from "./support/asking.ts";

const server = await offered(sharedPostgres);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };
const INDEX: LateIndex = { name: "adk_event_time", table: "adk_event", columns: "(timestamp)" };
/** What a later version may bring. */
const NEXT: Migration = {
  version: 2,
  worksFrom: 1,
  sql: "alter table {s}.adk_session add column mood text default 'calm';",
  indexes: [INDEX],
};

describe.skipIf(!server)("a later step of the schema", () => {
  const url = server?.url ?? "";

  /** The indexes of this name, and whether PostgreSQL uses them. */
  async function found(schema: string): Promise<unknown> {
    const text = `select i.indisvalid as is_valid from pg_index i join pg_class c on c.oid = i.indexrelid
      join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2`;
    return await asking(
      url,
      async (client) => (await client.query(text, [schema, INDEX.name])).rows,
    );
  }

  async function append(service: PostgresSessionService): Promise<void> {
    const session = await service.getOrCreateSession(KEY);
    const event = createEvent({ author: "user", invocationId: "e" });
    await service.appendEvent({ session, event });
  }

  /** How many statements like this have waited for so long, for what somebody else holds. */
  async function waiting(like: string, forMs: number): Promise<unknown> {
    const text = `select count(*)::int as n from pg_stat_activity
      where wait_event_type = 'Lock' and query like $1 and now() - query_start > $2::interval`;
    return (await one(url, text, [like, `${forMs} ms`]))["n"];
  }

  it("is added to the first version's tables and data; code of that version works beside it", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    for (const name of ["schema-1.sql", "data-1.sql"]) {
      const text = readFileSync(new URL(`./fixtures/${name}`, import.meta.url), "utf8");
      const moved = text.replaceAll('"adk"', `"${schema}"`).replaceAll("'adk'", `'${schema}'`);
      await asking(url, async (client) => await client.query(moved));
    }
    const script = schemaScript(schema, [], [...MIGRATIONS, NEXT]);
    for (let times = 0; times < 2; times++)
      await asking(url, async (client) => await client.query(`begin;${script}commit;`));
    expect(await one(url, `select max(version) as version from ${schema}.adk_migration`)).toEqual({
      version: 2,
    });
    // There are events: whoever migrates waits for no index of them.
    expect(await found(schema)).toEqual([]);
    for (const migrations of ["auto", "verify"] as const) {
      await using service = await PostgresSessionService.connect(url, { schema, migrations });
      await append(service);
    }
    await using service = await PostgresSessionService.connect(url, { schema });
    const fork = await service.forkSession({ ...KEY, newSessionId: "fork", atSequence: 4 });
    // What this version does not know of an event it keeps, in copies too.
    expect(fork.events[1]).toMatchObject({ ofTheFuture: { kept: true } });
    expect(fork.events).toHaveLength(4);
    expect(await one(url, `select distinct mood from ${schema}.adk_session`)).toEqual({
      mood: "calm",
    });
  });

  it("gives an empty table its indexes at once", async () => {
    await using place = await freshSchema(server!);
    const script = schemaScript(place.schema, [], [...MIGRATIONS, NEXT]);
    await asking(url, async (client) => await client.query(`begin;${script}commit;`));
    expect(await found(place.schema)).toEqual([{ is_valid: true }]);
  });

  it("builds the index of a table that is in use while others write, once for all that ask", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    await using service = await PostgresSessionService.connect(url, { schema, timeoutMs: 5_000 });
    await append(service);
    const pool = new pg.Pool({ connectionString: url, statement_timeout: 1_000 });
    const database = new Database({ client: pool, timeoutMs: 5_000, prepares: true });
    await asking(url, async (writer) => {
      // A build waits for those who wrote before it; who comes later must not wait for the build.
      await writer.query(`begin; update ${schema}.adk_event set timestamp = timestamp`);
      const builds = Array.from(
        { length: 3 },
        async () => await buildIndexes(database, schema, [INDEX], { pooler: false }),
      );
      const beyond = async (): Promise<unknown> => await waiting("create index%", 1_200);
      await expect
        .poll(async () => await Promise.race([beyond(), ...builds]), { timeout: 10_000 })
        .toBe(1);
      for (let n = 0; n < 5; n++) await append(service);
      await writer.query("commit");
      await Promise.all(builds);
    });
    expect(await found(schema)).toEqual([{ is_valid: true }]);
    await pool.end();
  });

  it("builds again what an earlier build has left unfinished; not through a pooler", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    await using service = await PostgresSessionService.connect(url, { schema });
    await append(service);
    await append(service);
    await asking(url, async (client) => {
      const text = `create unique index concurrently ${INDEX.name} on ${schema}.adk_event (sid)`;
      await expect(client.query(text)).rejects.toMatchObject({ code: "23505" });
    });
    expect(await found(schema)).toEqual([{ is_valid: false }]);
    const pool = new pg.Pool({ connectionString: url });
    const database = new Database({ client: pool, timeoutMs: 5_000, prepares: true });
    await expect(buildIndexes(database, schema, [INDEX], { pooler: true })).rejects.toMatchObject({
      code: "UNSUPPORTED",
    });
    await buildIndexes(database, schema, [INDEX], { pooler: false });
    expect(await found(schema)).toEqual([{ is_valid: true }]);
    // Nothing is left to do, so nothing is asked for that a pooler refuses.
    await buildIndexes(database, schema, [INDEX], { pooler: true });
    await pool.end();
  });

  it("does not end with what the connection allows a command", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    await asking(url, async (other) => {
      const text = "select pg_advisory_lock(hashtextextended('adk:migrate:' || $1, 0))";
      await other.query(text, [schema]);
      await using service = await PostgresSessionService.connect(url, {
        schema,
        statementTimeoutMs: 500,
      });
      const migrated = service.migrate();
      const beyond = async (): Promise<unknown> => await waiting(`%${schema}%`, 700);
      await expect
        .poll(async () => await Promise.race([beyond(), migrated]), { timeout: 10_000 })
        .toBe(1);
      await other.query("select pg_advisory_unlock_all()");
      await migrated;
    });
  });
});
