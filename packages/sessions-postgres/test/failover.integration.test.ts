import { AdkError, type AppendCommand, type SessionStore } from "@adk/core";
import {
  FaultProxy,
  offered,
  startPostgres,
  startPostgresStandby,
  type OwnServer,
} from "@adk/test-services";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { PostgresSessionStore } from "../src/index.ts";
import { one } from "./support/asking.ts";

const first = await offered(async () => await startPostgres());
await first?.[Symbol.asyncDispose]();

const key = (sessionId: string) => ({ appName: "app", userId: "user", sessionId });

function append(sessionId: string, id: string): AppendCommand {
  const delta = { session: { set: { last: `"${id}"` }, remove: [] } };
  return { ...key(sessionId), incarnation: sessionId, id, timestamp: 1, data: `"${id}"`, delta };
}

/** A store over a pool that reconnects to wherever the proxy leads. */
async function openStore(url: string): Promise<{ store: PostgresSessionStore; pool: pg.Pool }> {
  const pool = new pg.Pool({ connectionString: url, max: 6, connectionTimeoutMillis: 2_000 });
  pool.on("error", () => {});
  const store = new PostgresSessionStore({ client: pool, notifications: "off", timeoutMs: 4_000 });
  return { store, pool };
}

/** Applications that do what `retryable` says. */
class Writers {
  /** Ids by session, each where its sequence says. */
  readonly acknowledged: Map<string, string[]> = new Map();
  failures = 0;
  readonly #store: SessionStore;
  readonly #running: Promise<void>;
  #isOver = false;

  constructor(store: SessionStore, sessionIds: readonly string[]) {
    this.#store = store;
    this.#running = Promise.all(sessionIds.map(async (id) => await this.#write(id))).then(() => {});
  }

  get total(): number {
    return [...this.acknowledged.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  async #write(sessionId: string): Promise<void> {
    const ids: string[] = [];
    this.acknowledged.set(sessionId, ids);
    for (let n = 1; !this.#isOver; n++) {
      const { sequence } = await this.#once(append(sessionId, `${sessionId}-${n}`));
      ids[sequence - 1] = `${sessionId}-${n}`;
    }
  }

  async #once(command: AppendCommand): Promise<{ sequence: number }> {
    const outcome = await repeated(
      async () => await this.#store.append(command),
      () => this.failures++,
    );
    if (outcome.status !== "ok") throw new Error(`refused: ${outcome.status}`);
    return outcome;
  }
}

/** What `retryable` says, as the service does it: a pool may hold connections whose backends are gone. */
async function repeated<T>(command: () => Promise<T>, onFailure?: () => void): Promise<T> {
  for (;;) {
    try {
      return await command();
    } catch (error) {
      if (!AdkError.isInstance(error) || !error.retryable) throw error;
      onFailure?.();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

async function expectAll(store: SessionStore, writers: Writers): Promise<void> {
  for (const [sessionId, ids] of writers.acknowledged) {
    const read = { ...key(sessionId), events: {}, state: true };
    const snapshot = await repeated(async () => await store.read(read));
    const stored = snapshot?.events.toSorted((a, b) => a.sequence - b.sequence);
    expect(stored?.map(({ id }) => id)).toEqual(ids);
    expect(snapshot?.state?.session["last"]).toBe(`"${ids.at(-1)}"`);
  }
}

async function create(store: SessionStore, sessionIds: readonly string[]): Promise<void> {
  for (const id of sessionIds)
    await store.create({ ...key(id), incarnation: id, initialState: {} });
}

describe.skipIf(!first)("failover", { timeout: 60_000 }, () => {
  const sessionIds = ["s1", "s2", "s3", "s4"];

  it("to a synchronous standby under 4 writers: UNAVAILABLE until it is promoted, then nothing is lost, doubled or out of order", async () => {
    const primary = await startPostgres();
    await using _primary: OwnServer = primary;
    await using standby = await startPostgresStandby(primary, { synchronous: true });
    await using proxy = await FaultProxy.start({ to: primary.url });
    const { store, pool } = await openStore(proxy.through(primary.url));
    const alone = await openStore(proxy.through(primary.url));
    await create(store, [...sessionIds, "alone"]);
    await alone.store.append(append("alone", "before"));
    const writers = new Writers(store, sessionIds);
    await expect.poll(() => writers.total, { timeout: 20_000 }).toBeGreaterThan(200);

    await primary.kill();
    proxy.redirect(standby.url);
    const failure = async (): Promise<unknown> =>
      await alone.store.append(append("alone", "during")).catch((error: unknown) => error);
    // Connections of before may still be in the pool: each is tried once at most.
    await expect.poll(failure, { timeout: 10_000 }).toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: false, driverCode: "25006" },
    });
    // The connection to a server that does not write is not kept; it may be read meanwhile.
    expect(alone.pool.totalCount).toBe(0);
    expect((await alone.store.read(key("alone")))?.header.lastSequence).toBe(1);

    await standby.promote();
    expect(await alone.store.append(append("alone", "during"))).toMatchObject({ sequence: 2 });
    const atPromotion = writers.total;
    await expect.poll(() => writers.total, { timeout: 20_000 }).toBeGreaterThan(atPromotion + 200);
    await writers.end();
    expect(writers.failures).toBeGreaterThan(0);
    await expectAll(store, writers);
    for (const each of [alone, { store, pool }]) {
      await each.store[Symbol.asyncDispose]();
      await each.pool.end();
    }
  });

  it("a backend that crashes takes all connections with it, three times; nothing is lost", async () => {
    const server = await startPostgres();
    await using _server: OwnServer = server;
    const { store, pool } = await openStore(server.url);
    await create(store, sessionIds);
    const writers = new Writers(store, sessionIds);
    for (let round = 0; round < 3; round++) {
      const before = writers.total;
      const failures = writers.failures;
      await expect.poll(() => writers.total, { timeout: 20_000 }).toBeGreaterThan(before + 100);
      const text =
        "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1";
      const { pid } = await one(server.url, text);
      process.kill(Number(pid), "SIGKILL");
      await expect.poll(() => writers.failures, { timeout: 20_000 }).toBeGreaterThan(failures);
    }
    await writers.end();
    await expectAll(store, writers);
    await store[Symbol.asyncDispose]();
    await pool.end();
  });
});
