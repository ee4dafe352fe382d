import { createEvent, type BaseSessionService } from "@adk/core";
import { freshSchema, offered, startPostgres } from "@adk/test-services";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionService, type Queryable, type QueryConfig } from "../src/index.ts";
import { asking, one } from "./support/asking.ts";

// Its own: nobody else's writes are counted. Whole pages after a checkpoint are left out: they are the settings' doing.
const server = await offered(
  async () => await startPostgres({ settings: { full_page_writes: "off", autovacuum: "off" } }),
);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };
const CONTENT = "x".repeat(1_024);

/** A pool that counts what is sent. */
function counted(pool: pg.Pool): { client: Queryable; texts: string[] } {
  const texts: string[] = [];
  const client: Queryable = {
    query: async (config) => await pool.query(config),
    async connect() {
      const inner = await pool.connect();
      return {
        async query(config: QueryConfig) {
          texts.push(config.text);
          return await inner.query(config);
        },
        release: (error) => inner.release(error),
      };
    },
  };
  return { client, texts };
}

/** Opens, appends four events without a checkpoint between, releases. */
async function turn(service: BaseSessionService, number: number): Promise<void> {
  const invocationId = `e-${number}`;
  const { session, lease } = await service.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
  for (let event = 0; event < 4; event++)
    await service.appendEvent({
      session,
      lease,
      event: createEvent({
        author: "agent",
        invocationId,
        content: { role: "model", parts: [{ text: CONTENT }] },
      }),
      ...(event === 0 && { header: { invocationId } }),
    });
  await lease.release({ ended: invocationId });
}

describe.skipIf(!server)("what a turn costs", () => {
  const url = server?.url ?? "";

  it("is six statements, less than twice its content of WAL, and updates that enter no index", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    const pool = new pg.Pool({ connectionString: url });
    const { client, texts } = counted(pool);
    await using service = new PostgresSessionService({ client, schema });
    await service.createSession(KEY);
    await turn(service, 1);
    texts.length = 0;
    await turn(service, 2);
    const called = texts.map((text) => /adk_\w+_v1/.exec(text)?.[0]);
    expect(called).toEqual([
      "adk_open_v1",
      ...Array.from({ length: 4 }, () => "adk_append_v1"),
      "adk_lease_v1",
    ]);

    const hot = async (): Promise<{ all: number; hot: number }> => {
      await asking(url, async (each) => {
        const { server_version_num: version } = (await each.query("show server_version_num"))
          .rows[0] as Record<string, string>;
        if (Number(version) >= 150_000) await each.query("select pg_stat_force_next_flush()");
      });
      const row = await one(
        url,
        "select n_tup_upd::int as all, n_tup_hot_upd::int as hot from pg_stat_user_tables where schemaname = $1 and relname = 'adk_session'",
        [schema],
      );
      return row as { all: number; hot: number };
    };
    // Counters of a connection are sent when it has been idle for a moment, or closed.
    await pool.end();
    const next = new pg.Pool({ connectionString: url, max: 1 });
    await using again = new PostgresSessionService({ client: next, schema, notifications: "off" });
    // The closed connection's end is not waited for by who closed it: its two turns are counted when it has gone.
    await expect.poll(async () => (await hot()).all, { timeout: 10_000 }).toBe(2 * 6);
    const before = await hot();
    const TURNS = 40;
    const written = async (): Promise<number> =>
      Number(
        (await one(url, "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text as n"))[
          "n"
        ],
      );
    const stored = async (): Promise<number> =>
      Number((await one(url, `select sum(length(data))::text as n from ${schema}.adk_event`))["n"]);
    const [walBefore, contentBefore] = [await written(), await stored()];
    for (let number = 3; number < 3 + TURNS; number++) await turn(again, number);
    await next.end();
    const content = (await stored()) - contentBefore;
    const wal = (await written()) - walBefore;
    // From open to release.
    expect(wal / content).toBeLessThan(2);
    await expect
      .poll(async () => (await hot()).all - before.all, { timeout: 10_000 })
      .toBe(TURNS * 6);
    const after = await hot();
    const notHot = after.all - before.all - (after.hot - before.hot);
    // A turn's first append and its release change what an index names; of the others at least nine tenths are HOT.
    expect(notHot).toBeLessThanOrEqual(TURNS * 2 + TURNS * 4 * 0.1);
    expect((await one(url, `select count(*)::int as n from ${schema}.adk_event`))["n"]).toBe(
      4 * (TURNS + 2),
    );
  });

  it("sends the newest events with a lease; the older ones are one statement more for who does not know them", async () => {
    const EVENTS = 300;
    await using place = await freshSchema(server!);
    const { schema } = place;
    const pool = new pg.Pool({ connectionString: url });
    const { client, texts } = counted(pool);
    await using service = new PostgresSessionService({ client, schema });
    await using another = new PostgresSessionService({ client, schema });
    const session = await service.createSession(KEY);
    await Promise.all(
      Array.from({ length: EVENTS }, async () => {
        const event = createEvent({ author: "user", invocationId: "e-1" });
        await service.appendEvent({ session, event });
      }),
    );
    const opened = async (by: BaseSessionService): Promise<number> => {
      const before = texts.length;
      const { session: found, lease } = await by.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
      const sent = texts.length - before;
      await lease.release({});
      expect(found.events.map(({ sequence }) => sequence)).toEqual(
        Array.from({ length: EVENTS }, (_item, index) => index + 1),
      );
      return sent;
    };
    await another.getSession(KEY);
    expect([await opened(another), await opened(service), await opened(service)]).toEqual([
      1, 2, 1,
    ]);
    await pool.end();
  });

  it("reads through indexes in a crowd of other sessions, page by page", async () => {
    await using place = await freshSchema(server!);
    const { schema } = place;
    await using service = await PostgresSessionService.connect(url, { schema });
    const session = await service.createSession(KEY);
    await service.appendEvent({
      session,
      event: createEvent({ author: "user", invocationId: "e-1" }),
    });
    await asking(url, async (client) => {
      await client.query(`insert into ${schema}.adk_session (app_name, user_id, session_id, incarnation, create_time, last_update_time)
        select 'app', 'u' || (n % 100), 's' || n, 'i' || n, 0, 0 from generate_series(1, 20000) n`);
      await client.query(`insert into ${schema}.adk_event (sid, sequence, id, timestamp, data)
        select s.sid, 1, 'e', 0, 'x' from ${schema}.adk_session s where s.incarnation like 'i%' and s.create_time = 0`);
      await client.query(`analyze ${schema}.adk_session; analyze ${schema}.adk_event`);
      const plans = async (text: string, values: unknown[]): Promise<string> => {
        const { rows } = await client.query<{ "QUERY PLAN": string }>(`explain ${text}`, values);
        return rows.map((row) => row["QUERY PLAN"]).join("\n");
      };
      const { readSql } = await import("../src/sql/read.sql.ts");
      const { listSql } = await import("../src/sql/list.sql.ts");
      const text = (template: string): string => template.replaceAll("{s}", schema);
      const read = readSql({ state: true, initialState: true, kept: true, events: "descending" });
      const key = ["app", "user", "session"];
      expect(await plans(text(read), [...key, 1, 100, 50])).not.toMatch(/Seq Scan/);
      const list = {
        ofUser: false,
        labels: false,
        pending: false,
        interrupted: false,
        orderBy: "createTime",
        continues: true,
      } as const;
      expect(await plans(text(listSql(list)), ["app", 50, 10_000])).not.toMatch(/Seq Scan|Sort/);
      const some = { ...list, continues: false };
      expect(await plans(text(listSql({ ...some, pending: true })), ["app", 50])).toMatch(
        /adk_session_pending/,
      );
      expect(await plans(text(listSql({ ...some, interrupted: true })), ["app", 50])).toMatch(
        /adk_session_open/,
      );
    });
  });
});
