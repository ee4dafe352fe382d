import { inspect } from "node:util";
import { AdkError, LlmAgent } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { freshSchema, sharedPostgres } from "@adk/test-services";
import pg from "pg";
import { describe, expect, it } from "vitest";
import {
  AnalyticsPlugin,
  type AnalyticsRow,
  PostgresSink,
  type PostgresSinkClient,
} from "../src/analytics/index.ts";
import { calls, tool, world } from "./support/world.ts";

interface Table extends AsyncDisposable {
  readonly pool: pg.Pool;
  readonly sink: PostgresSink;
  rows(): Promise<Record<string, unknown>[]>;
}

/** A table with a name that must be quoted, in a schema of its own. */
async function freshTable(
  client: (pool: pg.Pool) => PostgresSinkClient = (pool) => pool,
  max: number = 3,
): Promise<Table> {
  const place = await freshSchema(await sharedPostgres());
  const pool = new pg.Pool({ connectionString: place.url, max });
  const { schema } = place;
  await pool.query(`create schema ${pg.escapeIdentifier(schema)}`);
  const table = 'agent "events"';
  const sink = new PostgresSink({ client: client(pool), schema, table });
  const name = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  return {
    pool,
    sink,
    rows: async () =>
      (
        await pool.query<Record<string, unknown>>(
          `select * from ${name} order by "timestamp", row_id`,
        )
      ).rows,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await place[Symbol.asyncDispose]();
    },
  };
}

const { signal } = new AbortController();
const row = (id: string, more: Partial<AnalyticsRow> = {}): AnalyticsRow => ({
  row_id: id,
  timestamp: "2026-01-02T03:04:05.678Z",
  event_type: "TOOL_COMPLETED",
  agent: "root",
  session_id: "s",
  invocation_id: "e-1",
  user_id: "u",
  trace_id: "e-1",
  span_id: "p",
  parent_span_id: null,
  content: { result: { "a'b": [1, "\\u0000", 'say "x"'] } },
  content_parts: [],
  attributes: { tool: "look" },
  latency_ms: { total_ms: 3 },
  status: "OK",
  error_message: null,
  is_truncated: false,
  ...more,
});

describe("PostgresSink", () => {
  it("stores rows as they are, once, whoever makes the table", async () => {
    await using table = await freshTable(undefined, 10);
    // All connections are open before: else those that are quick are done before the others begin.
    const open = await Promise.all(Array.from({ length: 10 }, () => table.pool.connect()));
    for (const connection of open) connection.release();
    await Promise.all(Array.from({ length: 10 }, () => table.sink.createTable()));
    const plain = row("r1");
    await table.sink.write([plain, row("r2", { content: null, latency_ms: null, agent: null })], {
      signal,
    });
    await table.sink.write([row("r1", { agent: "other" }), row("r3")], { signal });
    const rows = await table.rows();
    expect(rows.map(({ row_id }) => row_id)).toEqual(["r1", "r2", "r3"]);
    expect(rows[0]).toEqual({ ...plain, timestamp: new Date(plain.timestamp) });
    expect(rows[1]).toMatchObject({ agent: null, latency_ms: null });
  });

  it("records whole runs, and leaves the app's client open", async () => {
    await using table = await freshTable();
    await table.sink.createTable();
    await using w = await world();
    const model = new ScriptedLlm({
      turns: [calls(["look", "c1", { text: "a\0b\uD800" }]), "done"],
    });
    const root = new LlmAgent({ name: "root", model, tools: [tool("look", () => "it's")] });
    const plugin = new AnalyticsPlugin({ sink: table.sink });
    const { runner, say } = await w.process({ root, plugins: [plugin] });
    await say("hi");
    await runner.close();
    const { written, dropped } = plugin.stats;
    expect(dropped).toEqual({ overflow: 0, failed: 0, closed: 0 });
    const rows = await table.rows();
    expect(rows).toHaveLength(written);
    expect(rows.filter(({ event_type }) => event_type === "TOOL_COMPLETED")).toMatchObject([
      { content: { result: "it's" }, attributes: { tool: "look", call_id: "c1" } },
    ]);
  });

  it("closes the connection of a statement that hangs, so that the app's pool does not run dry", async () => {
    await using table = await freshTable();
    await table.sink.createTable();
    const blocker = await table.pool.connect();
    await blocker.query("begin");
    const name = (
      await blocker.query<{ name: string }>(
        "select oid::regclass::text as name from pg_class where relname = 'agent \"events\"' order by oid desc limit 1",
      )
    ).rows[0]?.name;
    await blocker.query(`lock table ${name} in exclusive mode`);
    const stop = new AbortController();
    const writing = table.sink.write([row("r1")], { signal: stop.signal });
    const failed = writing.catch((error: unknown) => error);
    // Not on the blocker: within a transaction the view stays as it was.
    const waits = async (): Promise<boolean> => {
      const { rows } = await table.pool.query(
        "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%agent \"\"events%'",
      );
      return rows.length > 0;
    };
    await expect.poll(waits, { timeout: 10_000 }).toBe(true);
    expect(table.pool.totalCount).toBe(3);
    stop.abort();
    expect(table.pool.totalCount).toBe(2);
    await blocker.query("rollback");
    blocker.release();
    expect(await failed).toMatchObject({ code: "ABORTED", retryable: true });
    await table.sink.write([row("r1")], { signal });
    expect(await table.rows()).toHaveLength(1);
  });

  it("works with a client that has `query` only, and says what a client is", async () => {
    await using table = await freshTable((pool) => ({ query: (config) => pool.query(config) }));
    await table.sink.createTable();
    await table.sink.write([row("r1")], { signal });
    expect(await table.rows()).toHaveLength(1);
    expect(() => new PostgresSink({ client: {} as never })).toThrow(/a client with `query`/);
  });

  it("says what is missing, and what to do about it", async () => {
    await using table = await freshTable();
    const told = async (work: Promise<unknown>): Promise<AdkError> => {
      const error: unknown = await work.then(
        () => "nothing",
        (thrown: unknown) => thrown,
      );
      if (!AdkError.isInstance(error)) throw new Error(`${String(error)} was thrown`);
      return error;
    };
    const elsewhere = new PostgresSink({ client: table.pool, schema: "no such place" });
    const noSchema = await told(elsewhere.createTable());
    expect(noSchema).toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: expect.stringMatching(
        /^Table "no such place"\."agent_events" could not be used \(3F000\): .*`schema`/,
      ) as string,
      details: { committed: false, driverCode: "3F000" },
    });
    // A copy of class, code and message: pg's own error has more.
    expect(Object.keys(noSchema.cause as object).toSorted()).toEqual(["code", "name"]);
    const noTable = await told(table.sink.write([row("r1")], { signal }));
    expect(noTable).toMatchObject({ code: "SCHEMA_MISMATCH", details: { driverCode: "42P01" } });
    expect(noTable.message).toContain("`createTable()`");
    await table.sink.createTable();
    const secret = "not a time but a secret";
    const noTime = await told(table.sink.write([row("r1", { timestamp: secret })], { signal }));
    expect(noTime).toMatchObject({ code: "INVALID_ARGUMENT", details: { driverCode: "22007" } });
    expect(inspect(noTime)).not.toContain(secret);
  });

  it("refuses a table with a dot, and says where the schema goes", () => {
    const client = { query: () => Promise.resolve() };
    expect(() => new PostgresSink({ client, table: "nc.agent_events" })).toThrow(
      /`table` must be a name without a dot: .*`schema: "nc", table: "agent_events"`/,
    );
    expect(() => new PostgresSink({ client, table: " " })).toThrow(/`table` must be a text/);
  });
});
