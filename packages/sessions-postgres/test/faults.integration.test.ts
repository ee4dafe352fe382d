import { AdkError, createEvent, type AppendCommand, type SessionStore } from "@adk/core";
import {
  FaultProxy,
  freshSchema,
  offered,
  startPostgres,
  type OwnServer,
} from "@adk/test-services";
import pg from "pg";
import { afterAll, describe, expect, it } from "vitest";
import {
  PostgresSessionService,
  PostgresSessionStore,
  type PostgresSessionStoreOptions,
} from "../src/index.ts";
import { asking, one } from "./support/asking.ts";

const server = await offered(async () => await startPostgres());
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };

interface Place extends AsyncDisposable {
  readonly store: SessionStore;
  readonly pool: pg.Pool;
  readonly schema: string;
  readonly proxy: FaultProxy;
  open(options?: Partial<PostgresSessionStoreOptions>, pool?: pg.PoolConfig): PostgresSessionStore;
}

/** A store behind a proxy; its session exists. */
async function place(
  options: Partial<PostgresSessionStoreOptions> = {},
  poolConfig: pg.PoolConfig = {},
): Promise<Place> {
  const own = server as OwnServer;
  const fresh = await freshSchema(own);
  const proxy = await FaultProxy.start({ to: own.url });
  const pools: pg.Pool[] = [];
  const stores: PostgresSessionStore[] = [];
  const open = (
    more: Partial<PostgresSessionStoreOptions> = {},
    config: pg.PoolConfig = {},
  ): PostgresSessionStore => {
    const pool = new pg.Pool({
      connectionString: proxy.through(own.url),
      max: 10,
      connectionTimeoutMillis: 1_000,
      ...poolConfig,
      ...config,
    });
    pools.push(pool);
    const store = new PostgresSessionStore({
      client: pool,
      schema: fresh.schema,
      notifications: "off",
      ...options,
      ...more,
    });
    stores.push(store);
    return store;
  };
  const store = open();
  const created = await store.create({ ...KEY, incarnation: "life", initialState: {} });
  expect(created.status).toBe("ok");
  return {
    store,
    pool: pools[0]!,
    schema: fresh.schema,
    proxy,
    open,
    async [Symbol.asyncDispose]() {
      proxy.heal();
      for (const each of stores) await each[Symbol.asyncDispose]();
      await Promise.all(pools.map(async (pool) => await pool.end()));
      await proxy[Symbol.asyncDispose]();
      await fresh[Symbol.asyncDispose]();
    },
  };
}

const append = (id: string, more: Partial<AppendCommand> = {}): AppendCommand => ({
  ...KEY,
  incarnation: "life",
  id,
  timestamp: 1,
  data: `"${id}"`,
  ...more,
});

async function failure(promise: Promise<unknown>): Promise<AdkError> {
  const thrown = await promise.then(
    () => "nothing",
    (error: unknown) => error,
  );
  if (!AdkError.isInstance(thrown)) throw new Error(`not an AdkError: ${String(thrown)}`);
  return thrown;
}

describe.skipIf(!server)("faults", { timeout: 60_000 }, () => {
  const url = server?.url ?? "";

  it("a request that was cut off on its way was not carried out, one whose reply was lost was: both can be repeated", async () => {
    await using at = await place();
    for (const after of [false, true]) {
      if (after) at.proxy.cutAfter(1, /adk_append_v1|B\0/);
      else at.proxy.cutBefore(1, /adk_append_v1|B\0/);
      const error = await failure(at.store.append(append(`e-${after}`)));
      expect(error).toMatchObject({
        code: "UNAVAILABLE",
        retryable: true,
        details: { committed: "unknown" },
      });
      const again = await at.store.append(append(`e-${after}`));
      expect(again).toMatchObject({ status: "ok", sequence: after ? 2 : 1, duplicate: after });
    }
    expect(at.proxy.cuts).toBe(2);
    expect((await at.store.read(KEY))?.header.lastSequence).toBe(2);
  });

  it("200 replies lost under load leave nothing lost, doubled or out of order", async () => {
    await using at = await place();
    const service = new PostgresSessionService({
      client: at.pool,
      schema: at.schema,
      notifications: "off",
    });
    const acknowledged = new Map<string, number>();
    let unknown = 0;
    const WRITERS = 8;
    const sessions = await Promise.all(
      Array.from(
        { length: WRITERS },
        async (_item, n) => await service.createSession({ ...KEY, sessionId: `w${n}` }),
      ),
    );
    let isOn = true;
    const cutting = (async () => {
      while (at.proxy.cuts < 200) {
        at.proxy.cutAfter();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      isOn = false;
      at.proxy.heal();
    })();
    await Promise.all(
      sessions.map(async (session) => {
        for (let n = 0; isOn; n++) {
          const event = createEvent({
            id: `${session.id}:${n}`,
            author: "user",
            invocationId: "e",
            actions: { stateDelta: { count: n, [`app:${session.id}`]: n } },
          });
          for (;;)
            try {
              const stored = await service.appendEvent({ session, event });
              acknowledged.set(event.id, stored.sequence ?? 0);
              break;
            } catch (error) {
              if (!AdkError.isInstance(error, "UNAVAILABLE")) throw error;
              unknown++;
            }
        }
      }),
    );
    await cutting;
    const shared = await service.getAppState(KEY);
    let stored = 0;
    for (const { id } of sessions) {
      const found = await service.getSession({ ...KEY, sessionId: id });
      const events = found?.events ?? [];
      stored += events.length;
      expect(events.map((event) => event.id)).toEqual(events.map((_event, n) => `${id}:${n}`));
      for (const event of events) expect(acknowledged.get(event.id)).toBe(event.sequence);
      expect(found?.state["count"]).toBe(events.length - 1);
      expect(shared[id]).toBe(events.length - 1);
    }
    expect(acknowledged.size).toBe(stored);
    expect(at.proxy.cuts).toBeGreaterThanOrEqual(200);
    expect(unknown).toBeGreaterThanOrEqual(0);
  });

  it("a server that accepts and never answers is TIMEOUT in time, and used again when it does", async () => {
    await using at = await place({ timeoutMs: 300 });
    at.proxy.freeze();
    const before = performance.now();
    const errors = await Promise.all(
      Array.from(
        { length: 30 },
        async (_item, n) => await failure(at.store.append(append(`e${n}`))),
      ),
    );
    expect(performance.now() - before).toBeLessThan(1_500);
    for (const error of errors) {
      expect(["TIMEOUT", "UNAVAILABLE"]).toContain(error.code);
      expect(error.retryable).toBe(true);
    }
    expect(await failure(at.store.read(KEY))).toMatchObject({
      code: "TIMEOUT",
      details: { committed: false },
    });
    at.proxy.heal();
    await expect
      .poll(async () => await at.store.read(KEY).catch(() => undefined), { timeout: 5_000 })
      .toBeDefined();
    const outcome = await at.store.append(append("last"));
    expect(outcome.status).toBe("ok");
  });

  it("a pool of one with 50 callers, one of which follows a session, serves them all", async () => {
    await using at = await place({ notifications: "auto", pollMs: 20 }, { max: 1 });
    const service = new PostgresSessionService({ client: at.pool, schema: at.schema });
    const session = await service.createSession({ ...KEY, sessionId: "followed" });
    const events = service
      .subscribe({ ...KEY, sessionId: "followed", afterSequence: 0 })
      [Symbol.asyncIterator]();
    const next = events.next();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_item, n) => await at.store.append(append(`e${n}`))),
    );
    expect(outcomes.every(({ status }) => status === "ok")).toBe(true);
    await service.appendEvent({
      session,
      event: createEvent({ author: "user", invocationId: "e" }),
    });
    expect((await next).value).toMatchObject({ sequence: 1 });
    await events.return?.();
    await service[Symbol.asyncDispose]();
  });

  it.each([1, 2])("a pool of %i serves a read while appends stand in line", async (max) => {
    await using at = await place({}, { max, connectionTimeoutMillis: 20_000 });
    const keys = Array.from({ length: 400 }, (_item, n) => ({ ...KEY, sessionId: `s${n}` }));
    const creates = keys.map(
      async (key) =>
        await at.store.create({ ...key, incarnation: key.sessionId, initialState: {} }),
    );
    await Promise.all(creates);
    let written = 0;
    const appends = keys.map(async (key) => {
      await at.store.append(append("e", { ...key, incarnation: key.sessionId }));
      written++;
    });
    await Promise.race(appends);
    expect((await at.store.read({ ...KEY, events: {} }))?.header.lastSequence).toBe(0);
    // It waited for the transactions that were under way, not for all who want to write.
    expect(written).toBeLessThan(keys.length / 2);
    await Promise.all(appends);
    expect(written).toBe(keys.length);
  });

  it("callers that leave get ABORTED, before and after it was sent, and the pool is whole afterwards", async () => {
    await using at = await place({}, { max: 2 });
    const blocker = new pg.Client({ connectionString: url });
    await blocker.connect();
    await blocker.query("begin");
    await blocker.query(`select 1 from ${at.schema}.adk_session for update`);
    const leave = new AbortController();
    const sent = failure(at.store.append(append("sent"), leave.signal));
    const behind = failure(at.store.append(append("behind"), leave.signal));
    await expect
      .poll(
        async () =>
          (await one(url, "select count(*)::int as n from pg_locks where not granted"))["n"],
      )
      .toBeGreaterThan(0);
    leave.abort(new Error("no longer wanted"));
    expect(await sent).toMatchObject({ code: "ABORTED", details: { committed: "unknown" } });
    expect(await behind).toMatchObject({ code: "ABORTED", details: { committed: false } });
    await blocker.query("rollback");
    await blocker.end();
    // Unknown means either: it was stored when the lock was free again, or it was called back before. Never twice.
    const again = await at.store.append(append("sent"));
    expect(again).toMatchObject({ status: "ok", sequence: 1 });
    expect(await at.store.append(append("sent"))).toMatchObject({ duplicate: true, sequence: 1 });
    expect(await at.store.append(append("behind"))).toMatchObject({
      duplicate: false,
      sequence: 2,
    });
    expect(at.pool.totalCount).toBeLessThanOrEqual(2);
  });

  it("a caller that leaves during the first look at the schema gets ABORTED at once; others wait on", async () => {
    await using at = await place();
    at.proxy.freeze();
    const store = at.open({ timeoutMs: 600_000 }, { connectionTimeoutMillis: 0 });
    const leave = new AbortController();
    const leaving = failure(store.append(append("left"), leave.signal));
    const staying = store.append(append("stayed"));
    setImmediate(() => leave.abort(new Error("no longer wanted")));
    expect(await leaving).toMatchObject({ code: "ABORTED", details: { committed: false } });
    at.proxy.heal();
    expect(await staying).toMatchObject({ status: "ok", sequence: 1 });
  });

  it("a role whose default is repeatable read: appends that meet succeed, and check() says so", async () => {
    await using at = await place(
      {},
      { options: "-c default_transaction_isolation=repeatable\\ read" },
    );
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, async () => at.open({ groupCommit: false })).map(
        async (opening, writer) => {
          const store = await opening;
          const own = [];
          for (let n = 0; n < 25; n++)
            own.push((await store.append(append(`${writer}:${n}`))).status);
          return own;
        },
      ),
    );
    expect(new Set(outcomes.flat())).toEqual(new Set(["ok"]));
    expect((await at.store.read(KEY))?.header.lastSequence).toBe(100);
    const { problems } = (await at.store.check?.()) ?? { problems: [] };
    expect(problems).toEqual([
      { code: "MISCONFIGURED", message: expect.stringContaining("repeatable read") as string },
    ]);
  });

  it("check() finds what weakens a promise, and nothing where all is well", async () => {
    await using at = await place();
    expect(await at.store.check?.()).toEqual({ problems: [] });
    const weak = at.open(
      {},
      { options: "-c synchronous_commit=off -c default_transaction_read_only=on", max: 2 },
    );
    const said = (await weak.check()).problems.map(({ message }) => message).join("\n");
    expect(said).toMatch(/synchronous_commit is off/);
    expect(said).toMatch(/read-only/);
    await weak.flush().catch(() => {});
    await expect(at.store.flush?.()).resolves.toBeUndefined();
    const listening = at.open({ notifications: "auto" });
    expect(await listening.check()).toEqual({ problems: [] });
    const deaf = at.open({ notifications: "auto", pooler: true });
    expect((await deaf.check()).problems[0]?.message).toMatch(/Notifications do not arrive/);
  });

  it("a connection that became read-only is not used again: a standby answers after a failover", async () => {
    await using at = await place({}, { max: 1 });
    await at.pool.query("set default_transaction_read_only = on");
    const error = await failure(at.store.append(append("e1")));
    expect(error).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: false, driverCode: "25006" },
    });
    expect(await at.store.append(append("e1"))).toMatchObject({ status: "ok", sequence: 1 });
  });

  it("statements under another's prepared names are sent unnamed from then on", async () => {
    await using at = await place({}, { max: 1 });
    await at.store.append(append("e1"));
    await at.pool.query("deallocate all");
    expect(await at.store.append(append("e2"))).toMatchObject({ status: "ok", sequence: 2 });
    expect(await at.store.append(append("e3"))).toMatchObject({ status: "ok", sequence: 3 });
  });

  it("connections that the server ends are replaced, and end nothing of ours", async () => {
    await using at = await place();
    await Promise.all(
      Array.from({ length: 10 }, async (_item, n) => await at.store.append(append(`a${n}`))),
    );
    for (let round = 0; round < 5; round++) {
      await asking(url, async (client) => {
        await client.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and backend_type = 'client backend'",
        );
      });
      const outcome = await at.store.append(append(`b${round}`)).catch(async (error: unknown) => {
        expect(error).toMatchObject({ code: "UNAVAILABLE", retryable: true });
        return await at.store.append(append(`b${round}`));
      });
      expect(outcome.status).toBe("ok");
    }
    expect((await at.store.read(KEY))?.header.lastSequence).toBe(15);
  });

  it("three immediate stops under 12 writers lose nothing that was acknowledged", async () => {
    await using at = await place();
    const service = new PostgresSessionService({
      client: at.pool,
      schema: at.schema,
      maxTries: 30,
      notifications: "off",
    });
    const acknowledged: Map<string, number>[] = [];
    const sessions = await Promise.all(
      Array.from(
        { length: 4 },
        async (_item, n) => await service.createSession({ ...KEY, sessionId: `k${n}` }),
      ),
    );
    let isOn = true;
    const writing = Array.from({ length: 12 }, async (_item, writer) => {
      const { id } = sessions[writer % 4]!;
      const session = await service.getSession({ ...KEY, sessionId: id });
      const own = new Map<string, number>();
      acknowledged[writer] = own;
      for (let n = 0; isOn; n++) {
        const event = createEvent({
          id: `${writer}:${n}`,
          author: "user",
          invocationId: "e",
          actions: { stateDelta: { [`w${writer}`]: n } },
        });
        own.set(event.id, (await service.appendEvent({ session: session!, event })).sequence ?? 0);
      }
    });
    for (let stop = 0; stop < 3; stop++) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      await server!.stopAtOnce();
      await server!.start();
    }
    await new Promise((resolve) => setTimeout(resolve, 700));
    isOn = false;
    await Promise.all(writing);
    let total = 0;
    for (const { id } of sessions) {
      const found = await service.getSession({ ...KEY, sessionId: id });
      const events = found?.events ?? [];
      total += events.length;
      expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_event, n) => n + 1));
      const next = new Map<string, number>();
      for (const event of events) {
        const [writer = "", n = ""] = event.id.split(":");
        expect(Number(n), "in each writer's order, each once").toBe(next.get(writer) ?? 0);
        next.set(writer, Number(n) + 1);
        expect(acknowledged[Number(writer)]?.get(event.id)).toBe(event.sequence);
      }
      for (const [writer, count] of next) expect(found?.state[`w${writer}`]).toBe(count - 1);
    }
    expect(total).toBe(acknowledged.reduce((sum, own) => sum + own.size, 0));
    expect(total).toBeGreaterThan(100);
    await service[Symbol.asyncDispose]();
  });

  it("sessions that set and remove shared keys in rotating pairs never deadlock, beside a purge and a deleted user", async () => {
    await using at = await place();
    const keys = ["k1", "k2", "k3"];
    await Promise.all(
      Array.from(
        { length: 8 },
        async (_item, n) =>
          await at.store.create({
            ...KEY,
            userId: `u${n % 2}`,
            sessionId: `s${n}`,
            incarnation: `i${n}`,
            initialState: {},
          }),
      ),
    );
    const before = await one(
      url,
      "select deadlocks::int as n from pg_stat_database where datname = current_database()",
    );
    let isOn = true;
    const sweeping = (async () => {
      while (isOn) {
        await at.store.purge?.({ limit: 10 });
        await at.store.erase({ appName: "app", userId: "u9" });
      }
    })();
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async (_item, n) => {
        const own: string[] = [];
        for (let round = 0; round < 150; round++) {
          const a = keys[(n + round) % 3]!;
          const b = keys[(n + round + 1) % 3]!;
          const outcome = await at.store.append({
            ...append(`${n}:${round}`),
            userId: `u${n % 2}`,
            sessionId: `s${n}`,
            incarnation: `i${n}`,
            delta: {
              app: { set: { [a]: "1" }, remove: [b] },
              user: { set: { [b]: "1" }, remove: [a] },
            },
          });
          own.push(outcome.status);
        }
        return own;
      }),
    );
    isOn = false;
    await sweeping;
    expect(new Set(statuses.flat())).toEqual(new Set(["ok"]));
    await asking(url, async (client) => await client.query("select pg_stat_force_next_flush()"));
    const after = await one(
      url,
      "select deadlocks::int as n from pg_stat_database where datname = current_database()",
    );
    expect(Number(after["n"]) - Number(before["n"])).toBe(0);
  });

  it("a fork that races an erase is whole or refused", async () => {
    await using at = await place();
    for (let n = 0; n < 20; n++) await at.store.append(append(`e${n}`));
    for (let round = 0; round < 60; round++) {
      const source = { ...KEY, sessionId: `source${round}`, incarnation: `s${round}` };
      await at.store.create({ ...source, initialState: {} });
      for (let n = 0; n < 3; n++) await at.store.append({ ...append(`e${n}`), ...source });
      const [forked] = await Promise.all([
        at.store.create({
          ...KEY,
          sessionId: `fork${round}`,
          incarnation: `f${round}`,
          initialState: {},
          fork: {
            sessionId: source.sessionId,
            incarnation: source.incarnation,
            atSequence: 3,
            state: {},
            header: {},
          },
        }),
        at.store.erase(source),
      ]);
      if (forked.status === "ok") expect(forked.events).toHaveLength(3);
      else expect(forked.status).toBe("not-found");
    }
  });

  it("an append that a batch passes over for another's lock waits alone; the others do not wait", async () => {
    await using at = await place();
    const names = ["b1", "b2", "b3", "b4", "b5"];
    for (const name of names)
      await at.store.create({ ...KEY, sessionId: name, incarnation: name, initialState: {} });
    const blocker = new pg.Client({ connectionString: url });
    await blocker.connect();
    await blocker.query("begin");
    await blocker.query(
      `select 1 from ${at.schema}.adk_session where session_id = 'b4' for update`,
    );
    const done: string[] = [];
    const appends = names.map(async (name) => {
      const outcome = await at.store.append({ ...append("e"), sessionId: name, incarnation: name });
      done.push(name);
      return outcome.status;
    });
    await expect.poll(() => done.length, { timeout: 5_000 }).toBe(4);
    expect(done).not.toContain("b4");
    await blocker.query("rollback");
    await blocker.end();
    expect(await Promise.all(appends)).toEqual(["ok", "ok", "ok", "ok", "ok"]);
  });

  it("one event that cannot be stored fails alone, among many that can", async () => {
    await using at = await place();
    const names = Array.from({ length: 12 }, (_item, n) => `m${n}`);
    for (const name of names)
      await at.store.create({ ...KEY, sessionId: name, incarnation: name, initialState: {} });
    const outcomes = await Promise.allSettled(
      names.map(async (name) => {
        const data = name === "m7" ? "a\0b" : "x";
        return await at.store.append({
          ...append("e", { data }),
          sessionId: name,
          incarnation: name,
        });
      }),
    );
    const failed = outcomes.flatMap((outcome, n) =>
      outcome.status === "rejected" ? [[n, outcome.reason as AdkError] as const] : [],
    );
    expect(failed.map(([n]) => n)).toEqual([7]);
    expect(failed[0]?.[1]).toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { committed: false },
    });
  });
});
