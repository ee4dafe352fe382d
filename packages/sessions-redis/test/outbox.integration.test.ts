import { sessionServiceCases, runCases } from "@adk/core/testing";
import { offered, startRedisCluster } from "@adk/test-services";
import { Cluster } from "ioredis";
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { APPLY } from "../src/commands/app-state.lua.ts";
import { RedisSessionService } from "../src/index.ts";
import { Keys } from "../src/keys.ts";
import { ownRedisSubject } from "./support/subject.ts";
import { firstOf, said, textOf, verifyLog, Writers } from "./support/writers.ts";

const cluster = await offered(async () => await startRedisCluster());
afterAll(async () => await cluster?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };
const APP = { appName: "app" };
/** The first slots of all. */
const MOVED = 100;

/** A client that answers for a script of which nothing reaches the server. */
function withoutApplying(client: Cluster): Cluster {
  const call = client.call.bind(client) as (...command: unknown[]) => Promise<unknown>;
  client.call = (async (...command: unknown[]) => {
    if (command[1] === APPLY.sha) throw new Error("the process died here");
    return await call(...command);
  }) as typeof client.call;
  return client;
}

describe.skipIf(!cluster)("in a cluster", { timeout: 60_000 }, () => {
  const clients: Cluster[] = [];
  let keyPrefix: string;
  let keys: Keys;
  const connect = (): Cluster => {
    const client = new Cluster([...cluster!.addresses]);
    clients.push(client);
    return client;
  };

  beforeEach(() => {
    keyPrefix = `adk-${randomUUID().slice(0, 8)}:`;
    keys = new Keys(keyPrefix, "user");
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.disconnect();
  });

  describe("a change of the app's state whose writer died before it was applied", () => {
    let whole: RedisSessionService;
    beforeEach(async () => {
      whole = new RedisSessionService({ client: connect(), keyPrefix });
      await using dying = new RedisSessionService({
        client: withoutApplying(connect()),
        keyPrefix,
      });
      const session = await dying.createSession(KEY);
      await dying.appendEvent({ session, event: said("one", { "app:a": 1, "app:b": 1 }) });
      await dying.appendEvent({ session, event: said("two", { "app:a": 2, own: 2 }) });
    });
    afterEach(async () => await whole[Symbol.asyncDispose]());

    const leftOver = async (): Promise<number> => await clients[0]!.llen(keys.session(KEY).outbox);

    it("is applied by the next read, in order", async () => {
      // The events are stored, with what is still to be done.
      expect(await whole.getAppState(APP)).toEqual({});
      const { state, events } = (await whole.getSession(KEY))!;
      expect(state).toEqual({ "app:a": 2, "app:b": 1, own: 2 });
      expect(events.map(textOf)).toEqual(["one", "two"]);
      expect(await whole.getAppState(APP)).toEqual({ a: 2, b: 1 });
      expect(await leftOver()).toBe(0);
    });

    it("is applied by the next append, before its own", async () => {
      const session = (await whole.getSession({ ...KEY, config: { numRecentEvents: 0 } }))!;
      await whole.appendEvent({ session, event: said("three", { "app:b": 3 }) });
      expect(await whole.getAppState(APP)).toEqual({ a: 2, b: 3 });
      expect(await leftOver()).toBe(0);
    });

    it("is applied once, whoever comes late: not over what is newer", async () => {
      const outbox = await clients[0]!.lrange(keys.session(KEY).outbox, 0, -1);
      await whole.getSession(KEY);
      const other = await whole.createSession({ ...KEY, sessionId: "other" });
      await whole.appendEvent({ session: other, event: said("newer", { "app:a": 9 }) });
      // As if who applied it had died before taking it out.
      await clients[0]!.rpush(keys.session(KEY).outbox, ...outbox);
      await whole.getSession(KEY);
      expect(await whole.getAppState(APP)).toEqual({ a: 9, b: 1 });
      expect(await leftOver()).toBe(0);
    });

    it("is applied before its session is deleted", async () => {
      await whole.deleteSession(KEY);
      expect(await whole.getAppState(APP)).toEqual({ a: 2, b: 1 });
      expect(await leftOver()).toBe(0);
    });
  });

  it("a session that is announced and never created shows nowhere, and goes with nobody's life", async () => {
    await using service = new RedisSessionService({ client: connect(), keyPrefix });
    await service.createSession(KEY);
    await clients[0]!.zadd(keys.app("app").index, 1, "user\0never\0life");
    expect((await service.listSessions(APP)).sessions.map(({ id }) => id)).toEqual(["session"]);
    expect(await service.purgeExpired()).toBe(0);
    // It was said long ago: nobody will create it any more.
    expect(await clients[0]!.zcard(keys.app("app").index)).toBe(1);
    await expect(service.createSession(KEY)).rejects.toMatchObject({
      code: "SESSION_ALREADY_EXISTS",
    });
    expect(await clients[0]!.zcard(keys.app("app").index)).toBe(1);
  });

  it("what the app's sets say wrongly is passed over, and forgotten when it is old", async () => {
    await using service = new RedisSessionService({ client: connect(), keyPrefix });
    const { incarnation } = await service.createSession(KEY);
    const { open, waiting } = keys.app("app");
    const member = `user\0session\0${incarnation}`;
    for (const set of [open, waiting])
      await clients[0]!.zadd(set, 1, member, String(Date.now()), "u\0s\0i");
    expect(await service.listInterrupted(APP)).toEqual({ sessions: [] });
    expect(await service.listSessions({ ...APP, pending: true })).toEqual({ sessions: [] });
    for (const set of [open, waiting])
      expect(await clients[0]!.zrange(set, "0", "-1")).toEqual(["u\0s\0i"]);
  });

  it("slots that move under 8 writers lose nothing, double nothing", async () => {
    const client = connect();
    await using service = new RedisSessionService({ client, keyPrefix });
    // A user in one of the slots that move.
    const userId = await firstOf(async (name) => {
      const { index } = keys.user("app", name);
      return Number(await client.cluster("KEYSLOT", index)) < MOVED;
    });
    const options = { appName: "app", userId, sessions: 4, writers: 8 };
    const writers = new Writers(service, options);
    await writers.more(100);
    const [first, second, third] = cluster!.masters;
    for (const [from, to] of [
      [first!, second!],
      [second!, third!],
      [third!, first!],
    ] as const) {
      await cluster!.reshard(MOVED, from, to);
      await writers.more(20);
    }
    await writers.more(100);
    await writers.stop();
    expect(writers.acknowledged.length).toBeGreaterThanOrEqual(200);
    await verifyLog(service, writers, options);
  });

  it("`tag: app` keeps an app on one shard: its state changes in the same step", async () => {
    const keysOfCases = [
      "state-app-shared",
      "state-race-distinct-keys",
      "list-newest-first",
      "list-pending",
    ];
    const cases = sessionServiceCases.filter(({ key }) => keysOfCases.includes(key));
    const results = await runCases(
      () =>
        ownRedisSubject({
          client: connect,
          store: { tag: "app" },
          worker: { url: cluster!.masters[0]!.url, cluster: true, tag: "app" },
          // Nothing is waited for: it holds at once.
          capabilities: { atomicAppState: true },
        }),
      cases,
    );
    expect(results).toEqual(cases.map(({ key }) => ({ key })));
  });

  it("by URL: one node is enough, followers are told by the shards, `check` asks all masters", async () => {
    const [first] = cluster!.masters;
    const url = `${first!.url}?cluster=true`;
    await using writer = await RedisSessionService.connect(url, { keyPrefix });
    await using reader = await RedisSessionService.connect(url, { keyPrefix, pollMs: 600_000 });
    for (const userId of ["a", "b", "c", "d"]) {
      const key = { ...KEY, userId };
      const session = await writer.createSession(key);
      const events = reader.subscribe({ ...key, afterSequence: 0 })[Symbol.asyncIterator]();
      const next = events.next();
      await writer.appendEvent({ session, event: said(userId) });
      expect(textOf((await next).value)).toBe(userId);
      await events.return?.();
    }
    expect(await writer.check()).toEqual({ problems: [] });
  });

  it("a password's function is asked for each node, and its newest answer serves subscriptions", async () => {
    await using secret = await startRedisCluster({ settings: { requirepass: "secret" } });
    let asked = 0;
    const password = (): string => {
      asked++;
      return "secret";
    };
    const url = `redis://127.0.0.1:${secret.masters[0]!.port}?cluster=true`;
    await using service = await RedisSessionService.connect(url, {
      password,
      pollMs: 600_000,
      maxTries: 1,
    });
    const session = await service.createSession(KEY);
    const events = service.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    const next = events.next();
    await service.appendEvent({ session, event: said("one") });
    expect(textOf((await next).value)).toBe("one");
    await events.return?.();
    expect(asked).toBeGreaterThan(1);
    expect(await service.check()).toEqual({ problems: [] });
  });

  it("a client that knows of no cluster is refused, and nothing is written", async () => {
    await using service = await RedisSessionService.connect(cluster!.masters[0]!.url, {
      keyPrefix,
      maxTries: 1,
    });
    await expect(service.createSession(KEY)).rejects.toMatchObject({
      code: expect.stringMatching(/^(?:MISCONFIGURED|UNAVAILABLE)$/),
      details: { committed: false },
    });
  });
});
