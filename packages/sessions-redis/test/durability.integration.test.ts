import {
  FaultProxy,
  offered,
  startRedis,
  startRedisCluster,
  startRedisReplica,
  startRedisSentinel,
  type OwnServer,
} from "@adk/test-services";
import { Cluster, Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { RedisSessionService } from "../src/index.ts";
import { firstOf, said, textOf, verifyLog, Writers } from "./support/writers.ts";

const own = await offered(async () => await startRedis());
await own?.[Symbol.asyncDispose]();

const KEY = { appName: "app", userId: "user", sessionId: "session" };
/** The first slots of all. */
const MOVED = 100;
const ONE = { durability: { replicas: 1 }, maxTries: 1, timeoutMs: 1_000 };

describe.skipIf(!own)("durability", { timeout: 60_000 }, () => {
  /** Redis 8 and Valkey 8 let a connection wait for what it has written alone; older ones for all before it. */
  const versions = process.env["ADK_TEST_MATRIX"] ? (["8.0", "valkey-8.0"] as const) : [];

  it.each([undefined, ...versions])(
    "with `replicas` nothing is acknowledged that no replica has, repeated or not (%s)",
    async (version) => {
      await using primary = await startRedis({ version });
      await using replica = await startRedisReplica(primary, { version });
      await caughtUp(primary);
      await using service = await RedisSessionService.connect(primary.url, ONE);
      const session = await service.createSession(KEY);
      await service.appendEvent({ session, event: said("one") });
      await using other = await RedisSessionService.connect(primary.url, ONE);
      await other.migrate();
      await replica.freeze();
      const event = said("two");
      const unconfirmed = {
        code: "UNAVAILABLE",
        retryable: true,
        details: { committed: "unknown", reached: 0, replicas: 1 },
      };
      const append = async (): Promise<unknown> => await service.appendEvent({ session, event });
      await expect(append()).rejects.toMatchObject(unconfirmed);
      await expect(append()).rejects.toMatchObject(unconfirmed);
      // A new connection has written nothing, and so nothing of its own to wait for.
      const admin = new Redis(primary.url);
      await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      admin.disconnect();
      const found = (await other.getSession(KEY))!;
      expect(found.events.map(textOf)).toEqual(["one", "two"]);
      await expect(other.appendEvent({ session: found, event })).rejects.toMatchObject(unconfirmed);
      for (const call of [
        async () => await service.updateSession({ ...KEY, title: "t" }),
        async () => await service.acquireLease({ ...KEY, owner: "o", ttlMs: 60_000 }),
        async () => await service.createSession({ ...KEY, sessionId: "other" }),
        async () => await service.deleteUser({ appName: "app", userId: "nobody" }),
      ])
        // Behind another one's wait, which holds up the connection, time may run out.
        await expect(call()).rejects.toMatchObject({
          code: expect.stringMatching(/^(?:UNAVAILABLE|TIMEOUT)$/),
          details: { committed: "unknown" },
        });
      await replica.thaw();
      await expect.poll(append, { timeout: 10_000 }).toMatchObject({ sequence: 2 });
      expect((await service.getSession(KEY))?.lastSequence).toBe(2);
    },
  );

  it("in a cluster whose slots have moved, writes follow them", async () => {
    await using cluster = await startRedisCluster({ replicasEach: 1 });
    const [from, to] = cluster.masters;
    const admin = new Cluster([...cluster.addresses]);
    const moves = async (userId: string): Promise<boolean> =>
      Number(await admin.cluster("KEYSLOT", `{app/${userId}}`)) < MOVED;
    const userId = await firstOf(moves);
    const key = { ...KEY, userId };
    const url = `redis://127.0.0.1:${from!.port}?cluster=true`;
    await using service = await RedisSessionService.connect(url, { ...ONE, timeoutMs: 10_000 });
    const session = await service.createSession(key);
    await service.appendEvent({ session, event: said("before") });
    await cluster.reshard(MOVED, from!, to!);
    await service.appendEvent({ session, event: said("after") });
    const found = await service.getSession(key);
    expect(found?.events.map(textOf)).toEqual(["before", "after"]);
    admin.disconnect();
  });

  it("with `localFsync` on a server that cannot is UNSUPPORTED before a session is written", async () => {
    await using server = await startRedis({ version: "7.0" });
    await using service = await RedisSessionService.connect(server.url, {
      durability: { localFsync: true },
    });
    await expect(service.createSession(KEY)).rejects.toMatchObject({ code: "UNSUPPORTED" });
    await using plain = await RedisSessionService.connect(server.url);
    expect(await plain.getSession(KEY)).toBeUndefined();
  });

  it("without, a failover loses what the replica lacked, and who knows of it is told", async () => {
    await using primary = await startRedis();
    await using proxy = await FaultProxy.start({ to: primary.port });
    await using replica = await startRedisReplica(primary, { throughPort: proxy.port });
    await using before = await RedisSessionService.connect(primary.url);
    await before.createSession(KEY);
    const { session, lease } = await before.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
    await before.appendEvent({ session, event: said("kept"), lease });
    await caughtUp(primary);
    proxy.blackHole();
    for (const text of ["lost", "lost too"])
      await before.appendEvent({ session, event: said(text), lease });
    await primary.kill();
    await promote(replica);
    await using after = await RedisSessionService.connect(replica.url);
    expect((await after.getSession(KEY))?.events.map(textOf)).toEqual(["kept"]);
    await expect(after.appendEvent({ session, event: said("next") })).rejects.toMatchObject({
      code: "SESSION_REGRESSED",
      details: { committed: true },
    });
    const reading = after
      .subscribe({ ...KEY, afterSequence: 3 })
      [Symbol.asyncIterator]()
      .next();
    await expect(reading).rejects.toMatchObject({ code: "SESSION_REGRESSED" });
  });

  it("behind Sentinel a killed primary is replaced, and with `replicas` nothing is lost", async () => {
    await using sentinel = await startRedisSentinel({ replicas: 2 });
    const [first] = sentinel.sentinels;
    const url = `redis://127.0.0.1:${first!.port}?sentinel=${sentinel.masterName}`;
    await using service = await RedisSessionService.connect(url, {
      nodes: sentinel.sentinels.slice(1),
      durability: { replicas: 1 },
      timeoutMs: 3_000,
    });
    const options = { appName: "app", userId: "user", sessions: 2, writers: 6 };
    const writers = new Writers(service, options);
    await writers.more(300);
    const primary = await sentinel.primary();
    await primary.kill();
    await sentinel.whenReplaced(primary);
    await writers.more(300);
    await writers.stop();
    expect(writers.acknowledged.length).toBeGreaterThanOrEqual(600);
    await verifyLog(service, writers, options);
  });
});

/** When its replica has all that it has. */
async function caughtUp({ url }: OwnServer): Promise<void> {
  const client = new Redis(url);
  await client.set("caught-up", "1");
  expect(await client.wait(1, 5_000)).toBe(1);
  client.disconnect();
}

async function promote({ url }: OwnServer): Promise<void> {
  const client = new Redis(url);
  await client.replicaof("NO", "ONE");
  client.disconnect();
}
