import type { AppendCommand, SessionStore } from "@adk/core";
import { freshSchema, offered, sharedPostgres } from "@adk/test-services";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { PostgresSessionStore, type Queryable, type QueryConfig } from "../src/index.ts";
import { asking } from "./support/asking.ts";

const server = await offered(sharedPostgres);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const OWN = { appName: "app", userId: "user" };
const LEASE = { leaseId: "lease", ttlMs: 60_000 };

/** Each in a session of its own, which holds one event, `e1`, and is under the lease `lease`; see `prepare`. */
const CASES: Readonly<Record<string, Partial<AppendCommand>>> = {
  plain: {},
  expected: { expectedLastSequence: 1 },
  duplicate: { id: "e1", data: "first" },
  "duplicate before fence and conflict": {
    id: "e1",
    data: "first",
    expectedLastSequence: 7,
    lease: { leaseId: "another", ttlMs: 1_000, header: {} },
  },
  "id conflict": { id: "e1", data: "other" },
  gone: { incarnation: "another" },
  fenced: { lease: { leaseId: "another", ttlMs: 1_000, header: {} } },
  conflict: { expectedLastSequence: 7 },
  "fenced before conflict": {
    expectedLastSequence: 7,
    lease: { leaseId: "another", ttlMs: 1_000, header: {} },
  },
  "opens an invocation": { lease: { ...LEASE, header: { invocationId: "i2" } } },
  "stays in its invocation": { lease: { ...LEASE, header: { invocationId: "i1" } } },
  "a window": { lease: { ...LEASE, header: { windowFrom: 2 } } },
  "waiting calls": { lease: { ...LEASE, header: { pendingCalls: '{"c":1}', kept: "k" } } },
  "no waiting calls": { lease: { ...LEASE, header: { pendingCalls: null, kept: null } } },
  "a longer lease": { lease: { ...LEASE, ttlMs: 600_000, header: {} } },
  "state set and removed": {
    delta: { session: { set: { a: "1", 'q"\\': '{"x":[]}' }, remove: ["old"] } },
  },
  "refused, with state": {
    expectedLastSequence: 7,
    delta: { session: { set: { a: "1" }, remove: [] } },
  },
  "text that needs care": { data: '{"a":"\\"\\\\ {},NULL"}\n\t', id: 'NULL,"\\{}' },
};
const NAMES = Object.keys(CASES);
/** Where nothing is on the way, so many appends go by themselves; what comes with them travels together. */
const AHEAD = ["goes ahead", "goes ahead, too"];
const ALL = [...AHEAD, ...NAMES];

describe.skipIf(!server)("appends that share a transaction", () => {
  const url = server?.url ?? "";

  /** The answers, what the sessions hold afterwards, and how many appends went together. */
  async function run(
    groupCommit: boolean,
    ttlMs?: number,
  ): Promise<{ outcomes: unknown[]; sessions: unknown[]; together: number }> {
    await using place = await freshSchema(server!);
    const pool = new pg.Pool({ connectionString: url });
    let together = 0;
    const client: Queryable = {
      async query(config: QueryConfig) {
        if (config.text.includes("adk_append_batch")) together += placesOf(config);
        return await pool.query(config);
      },
    };
    try {
      await using store = new PostgresSessionStore({
        client,
        schema: place.schema,
        groupCommit,
        ttlMs,
        notifications: "off",
      });
      await store.migrate();
      for (const name of ALL) await prepare(store, name);
      // Only their leases keep them; what is accepted now says anew how long they live.
      const table = `${place.schema}.adk_session`;
      if (ttlMs)
        await asking(url, async (each) => await each.query(`update ${table} set expires_at = 1`));
      const appends = ALL.map(async (name) => await store.append(commandOf(name)));
      const outcomes = await Promise.all(appends);
      const sessions = await Promise.all(
        ALL.map(async (sessionId) => {
          const key = { ...OWN, sessionId };
          const snapshot = await store.read({ ...key, events: {}, state: true, kept: true });
          return { ...snapshot, state: { ...snapshot?.state?.session } };
        }),
      );
      const { rows } = await asking(
        url,
        async (each) =>
          await each.query(`select greatest(expires_at - last_update_time, 0) as expires_in_ms,
            lease_until - last_update_time > ${2 * LEASE.ttlMs} as is_long from ${table} order by session_id collate "C"`),
      );
      return { outcomes, sessions: [...sessions, ...rows], together };
    } finally {
      await pool.end();
    }
  }

  it("are answered, and leave behind, what they would one by one", async () => {
    const [alone, joint] = [await run(false), await run(true)];
    expect([alone.together, joint.together]).toEqual([0, NAMES.length]);
    expect(withoutTimes(joint)).toEqual(withoutTimes(alone));
    const statuses = alone.outcomes.map((outcome) => (outcome as { status: string }).status);
    expect(new Set(statuses)).toEqual(new Set(["ok", "id-conflict", "gone", "fenced", "conflict"]));
  });

  it("prolong what would expire as they would one by one", async () => {
    const [alone, joint] = [await run(false, 3_600_000), await run(true, 3_600_000)];
    expect(joint.together).toBe(NAMES.length);
    expect(withoutTimes(joint)).toEqual(withoutTimes(alone));
    expect(alone.sessions).toContainEqual({ expires_in_ms: "3960000", is_long: false });
    expect(alone.sessions).toContainEqual({ expires_in_ms: "0", is_long: false });
    expect(alone.sessions).toContainEqual({ expires_in_ms: "3960000", is_long: true });
  });

  it("pass over a session that somebody else holds; the others are answered meanwhile", async () => {
    await using place = await freshSchema(server!);
    const pool = new pg.Pool({ connectionString: url });
    const { schema } = place;
    try {
      await using store = new PostgresSessionStore({ client: pool, schema, notifications: "off" });
      for (const name of ALL) await prepare(store, name);
      await asking(url, async (holder) => {
        await holder.query("begin");
        const row = `select from ${schema}.adk_session where session_id = 'plain' for update`;
        await holder.query(row);
        let isHeld = true;
        const appends = ALL.map(async (name) => {
          const outcome = await store.append(commandOf(name));
          return { name, isHeld, outcome };
        });
        await Promise.all(appends.filter((_append, index) => ALL[index] !== "plain"));
        isHeld = false;
        await holder.query("commit");
        const plain = { name: "plain", isHeld: false, outcome: { status: "ok", sequence: 2 } };
        expect(await appends[ALL.indexOf("plain")]).toMatchObject(plain);
      });
    } finally {
      await pool.end();
    }
  });
});

async function prepare(store: SessionStore, sessionId: string): Promise<void> {
  const key = { ...OWN, sessionId };
  await store.create({ ...key, incarnation: "i", initialState: { old: "0" } });
  const acquire = { ...key, op: "acquire", owner: "o", ttlMs: LEASE.ttlMs } as const;
  await store.lease({ ...acquire, leaseId: "first" });
  const header = { invocationId: "i1", pendingCalls: '{"b":0}', kept: "before" };
  const event = { incarnation: "i", id: "e1", timestamp: 1, data: "first" };
  await store.append({ ...key, ...event, lease: { ...LEASE, leaseId: "first", header } });
  // Taken up a second time, and to be cancelled.
  await store.lease({ ...key, op: "release", leaseId: "first" });
  await store.lease({ ...acquire, leaseId: LEASE.leaseId });
  await store.update({ ...key, cancel: "i1" });
}

function commandOf(sessionId: string): AppendCommand {
  const event = { incarnation: "i", id: "e2", timestamp: 2, data: "second" };
  return { ...OWN, sessionId, ...event, ...CASES[sessionId] };
}

/** How many session ids the third parameter, an array, names. */
function placesOf({ values }: QueryConfig): number {
  return NAMES.filter((name) => String(values?.[2]).includes(`"${name}"`)).length;
}

function withoutTimes(value: unknown): unknown {
  const text = JSON.stringify(value, (name, each: unknown) =>
    ["createTime", "lastUpdateTime", "leaseExpiresInMs", "expiresInMs", "together"].includes(name)
      ? undefined
      : each,
  );
  return JSON.parse(text) as unknown;
}
