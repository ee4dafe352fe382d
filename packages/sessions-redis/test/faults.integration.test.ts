import { AdkError } from "@adk/core";
import { FaultProxy, freshKeyPrefix, offered, sharedRedis, startRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { RedisSessionService } from "../src/index.ts";
import { said, textOf, verifyLog, Writers } from "./support/writers.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };

describe.skipIf(!server)("faults", { timeout: 60_000 }, () => {
  const url = server?.url ?? "";

  it.each(["everysec", "always"])(
    "a server that is killed three times under 12 writers loses nothing, with appendfsync %s",
    async (appendfsync) => {
      await using own = await startRedis({ settings: { appendfsync } });
      const options = { appName: "app", userId: "user", sessions: 4, writers: 12 };
      await using service = await RedisSessionService.connect(own.url);
      const writers = new Writers(service, options);
      for (let kill = 0; kill < 3; kill++) {
        await writers.more(500);
        await own.kill();
        await own.start();
      }
      await writers.more(500);
      await writers.stop();
      await using other = await RedisSessionService.connect(own.url);
      await verifyLog(other, writers, options);
      expect(writers.acknowledged.length).toBeGreaterThan(2_000);
    },
  );

  it("200 replies that are lost double nothing", async () => {
    await using place = await freshKeyPrefix({ url });
    await using proxy = await FaultProxy.start({ to: url });
    const { keyPrefix } = place;
    const options = { appName: "app", userId: "user", sessions: 2, writers: 4 };
    await using service = await RedisSessionService.connect(proxy.through(url), { keyPrefix });
    const writers = new Writers(service, options);
    await writers.more(8);
    for (let cut = 0; cut < 200; cut++) {
      proxy.cutAfter(1, /evalsha/);
      await writers.more(4);
    }
    await writers.stop();
    proxy.heal();
    expect(proxy.cuts).toBeGreaterThanOrEqual(200);
    await verifyLog(service, writers, options);
  });

  it("a lost reply of a client that sends nothing again is UNAVAILABLE, and says that it does not know", async () => {
    await using place = await freshKeyPrefix({ url });
    await using proxy = await FaultProxy.start({ to: url });
    const client = new Redis(proxy.through(url), {
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    });
    const { keyPrefix } = place;
    await using service = new RedisSessionService({ client, keyPrefix, maxTries: 1 });
    const session = await service.createSession(KEY);
    const event = said("once", { a: 1 });
    proxy.cutAfter(1, /evalsha/);
    const append = async (): Promise<unknown> => await service.appendEvent({ session, event });
    await expect(append()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: "unknown" },
    });
    await append();
    const found = await service.getSession(KEY);
    expect(found?.events.map(textOf)).toEqual(["once"]);
    client.disconnect();
  });

  it("a lease whose session cannot be read to the end is given up", async () => {
    await using place = await freshKeyPrefix({ url });
    await using proxy = await FaultProxy.start({ to: url });
    const client = new Redis(proxy.through(url), {
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
    });
    const { keyPrefix } = place;
    await using service = new RedisSessionService({ client, keyPrefix, maxTries: 1 });
    const session = await service.createSession(KEY);
    for (let n = 1; n <= 200; n++) await service.appendEvent({ session, event: said(`${n}`) });
    const open = async (): Promise<{ session: { lastSequence: number } }> =>
      await service.openSession({ ...KEY, owner: "o", ttlMs: 600_000 });
    // What is read without a script: the older events of the window, once the lease is granted.
    proxy.cutBefore(1, /^(?![^]*eval)[^]*lrange/);
    await expect(open()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      details: { committed: "unknown" },
    });
    expect(proxy.cuts).toBe(1);
    await expect.poll(open, { timeout: 10_000 }).toMatchObject({ session: { lastSequence: 200 } });
    client.disconnect();
  });

  it("a server that is frozen is a TIMEOUT in time, and goes on by itself", async () => {
    await using own = await startRedis();
    await using service = await RedisSessionService.connect(own.url, {
      timeoutMs: 300,
      maxTries: 1,
    });
    const session = await service.createSession(KEY);
    await own.freeze();
    const startedAt = performance.now();
    const event = said("late");
    await expect(service.appendEvent({ session, event })).rejects.toMatchObject({
      code: "TIMEOUT",
      details: { committed: "unknown" },
    });
    await expect(service.getSession(KEY)).rejects.toMatchObject({
      code: "TIMEOUT",
      details: { committed: false },
    });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    await own.thaw();
    await expect
      .poll(async () => (await service.appendEvent({ session, event })).sequence, {
        timeout: 10_000,
      })
      .toBe(1);
  });

  it("a connection into a black hole is given up, and made anew", async () => {
    await using place = await freshKeyPrefix({ url });
    await using proxy = await FaultProxy.start({ to: url });
    const { keyPrefix } = place;
    await using service = await RedisSessionService.connect(proxy.through(url), {
      keyPrefix,
      timeoutMs: 300,
      maxTries: 1,
    });
    const session = await service.createSession(KEY);
    proxy.blackHole();
    const event = said("lost");
    await expect(service.appendEvent({ session, event })).rejects.toMatchObject({
      code: "TIMEOUT",
    });
    proxy.heal();
    // On the old connection nothing would ever come back.
    await expect
      .poll(async () => (await service.appendEvent({ session, event })).sequence, {
        timeout: 10_000,
      })
      .toBe(1);
  });

  it("a server that is not there is UNAVAILABLE, and nothing was committed", async () => {
    await using own = await startRedis();
    await using service = await RedisSessionService.connect(own.url, {
      maxRetries: 1,
      maxTries: 1,
    });
    const session = await service.createSession(KEY);
    await own.kill();
    const append = async (): Promise<unknown> =>
      await service.appendEvent({ session, event: said("never") });
    await expect.poll(async () => await append().catch(committedOf)).toBe(false);
    await expect(service.listSessions({ appName: "app" })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    await own.start();
    await expect.poll(append, { timeout: 10_000 }).toMatchObject({ sequence: 1 });
  });

  it("a full memory is STORE_FULL, nothing is half-written, and it heals", async () => {
    await using own = await startRedis({ settings: { maxmemory: "8mb" } });
    await using service = await RedisSessionService.connect(own.url, { maxTries: 1 });
    const session = await service.createSession(KEY);
    const filler = "x".repeat(100_000);
    let stored = 0;
    let thrown: unknown;
    for (let n = 1; thrown === undefined && n <= 200; n++)
      await service
        .appendEvent({ session, event: said(filler, { n, "user:n": n, "app:n": n }) })
        .then(
          () => stored++,
          (error: unknown) => (thrown = error),
        );
    expect(thrown).toMatchObject({ code: "STORE_FULL", details: { committed: false } });
    const found = (await service.getSession(KEY))!;
    expect(found.lastSequence).toBe(stored);
    expect(found.state).toEqual({ n: stored, "user:n": stored, "app:n": stored });
    // From here on not even a small write fits.
    const admin = new Redis(own.url);
    await admin.config("SET", "maxmemory", "1mb");
    for (const call of [
      async () => await service.createSession({ ...KEY, sessionId: "other" }),
      async () => await service.acquireLease({ ...KEY, owner: "o", ttlMs: 1_000 }),
      async () => await service.updateSession({ ...KEY, title: "t" }),
      async () => await service.forkSession({ ...KEY, atSequence: 1, newSessionId: "fork" }),
      async () => await service.appendEvent({ session: found, event: said("small") }),
    ])
      await expect(call()).rejects.toMatchObject({ code: "STORE_FULL" });
    expect(await service.getSession(KEY)).toEqual(found);
    expect((await service.listSessions({ appName: "app" })).sessions).toHaveLength(1);
    // Room can be made through a service, a new one too.
    await using other = await RedisSessionService.connect(own.url, { maxTries: 1 });
    await other.deleteSession(KEY);
    expect(await service.getSession(KEY)).toBeUndefined();
    await admin.config("SET", "maxmemory", "8mb");
    admin.disconnect();
    const next = await service.createSession(KEY);
    await service.appendEvent({ session: next, event: said("fits") });
  });

  it("a master that became a replica is UNAVAILABLE, nothing is written, and reads go on", async () => {
    await using own = await startRedis();
    await using service = await RedisSessionService.connect(own.url, { maxTries: 1 });
    const session = await service.createSession(KEY);
    const admin = new Redis(own.url);
    await admin.replicaof("127.0.0.1", "1");
    const append = async (): Promise<unknown> =>
      await service.appendEvent({ session, event: said("late") });
    await expect(append()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { committed: false, driverCode: "READONLY" },
    });
    await admin.replicaof("NO", "ONE");
    await expect.poll(append, { timeout: 10_000 }).toMatchObject({ sequence: 1 });
    admin.disconnect();
  });

  it("scripts that the server has forgotten are sent again", async () => {
    await using own = await startRedis();
    await using service = await RedisSessionService.connect(own.url);
    const session = await service.createSession(KEY);
    await service.appendEvent({ session, event: said("one") });
    const admin = new Redis(own.url);
    await admin.script("FLUSH");
    const events = [2, 3, 4].map((n) => said(String(n)));
    await Promise.all(events.map(async (event) => await service.appendEvent({ session, event })));
    await admin.script("FLUSH");
    const opened = await service.openSession({ ...KEY, owner: "o", ttlMs: 1_000 });
    expect(opened.session.events.map(textOf)).toEqual(["one", "2", "3", "4"]);
    admin.disconnect();
  });
});

function committedOf(error: unknown): unknown {
  return AdkError.isInstance(error, "UNAVAILABLE") ? error.details["committed"] : error;
}
