import type { BaseSessionService, Event } from "@adk/core";
import { freshKeyPrefix, offered, sharedRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { RedisSessionService, RedisSessionStore } from "../src/index.ts";
import { said, textOf } from "./support/writers.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };
const NEVER_MS = 600_000;

async function take(events: AsyncIterator<Event>, count: number): Promise<(string | undefined)[]> {
  const texts: (string | undefined)[] = [];
  while (texts.length < count) texts.push(textOf((await events.next()).value as Event));
  return texts;
}

async function append(service: BaseSessionService, texts: readonly string[]): Promise<void> {
  const session = (await service.getSession(KEY))!;
  for (const text of texts) await service.appendEvent({ session, event: said(text) });
}

/** @returns waits until a client has looked at followed sessions so often again. */
function countLooks(client: Redis): (count: number) => Promise<void> {
  const call = client.call.bind(client) as (...command: unknown[]) => Promise<unknown>;
  let left = 0;
  let resolve = (): void => {};
  client.call = (async (...command: unknown[]) => {
    const reply = await call(...command);
    if (command[0] === "hmget" && --left === 0) resolve();
    return reply;
  }) as typeof client.call;
  return async (count) => {
    left = count;
    await new Promise<void>((done) => (resolve = done));
  };
}

describe.skipIf(!server)("followers", { timeout: 60_000 }, () => {
  const url = server?.url ?? "";

  it("in another process are told at once, without a look", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    await using writer = await RedisSessionService.connect(url, { keyPrefix });
    await using reader = await RedisSessionService.connect(url, { keyPrefix, pollMs: NEVER_MS });
    await writer.createSession(KEY);
    const events = reader.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    for (const text of ["one", "two", "three"]) {
      const next = take(events, 1);
      await append(writer, [text]);
      expect(await next).toEqual([text]);
    }
    await events.return?.();
  });

  it("are told of a cancel and of a deletion", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    await using writer = await RedisSessionService.connect(url, { keyPrefix });
    await using holder = await RedisSessionService.connect(url, { keyPrefix, pollMs: NEVER_MS });
    await writer.createSession(KEY);
    const { session, lease } = await holder.openSession({ ...KEY, owner: "o", ttlMs: NEVER_MS });
    const header = { invocationId: "e" };
    await holder.appendEvent({ session, event: said("one"), lease, header });
    const cancelled = new Promise((resolve) =>
      lease.cancelled.addEventListener("abort", resolve, { once: true }),
    );
    expect(await writer.requestCancel({ ...KEY, invocationId: "e" })).toBe(true);
    await cancelled;
    const events = holder.subscribe({ ...KEY, afterSequence: 1 })[Symbol.asyncIterator]();
    const next = events.next();
    await writer.deleteSession(KEY);
    await expect(next).rejects.toMatchObject({ code: "SESSION_GONE" });
  });

  it("without notifications get everything by looking", async () => {
    await using place = await freshKeyPrefix({ url });
    const options = { keyPrefix: place.keyPrefix, notifications: "off", pollMs: 20 } as const;
    await using writer = await RedisSessionService.connect(url, options);
    await using reader = await RedisSessionService.connect(url, options);
    await writer.createSession(KEY);
    const events = reader.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    const all = take(events, 20);
    const texts = Array.from({ length: 20 }, (_item, n) => String(n));
    await append(writer, texts);
    expect(await all).toEqual(texts);
    const admin = new Redis(url);
    expect(await admin.pubsub("CHANNELS", `${place.keyPrefix}*`)).toEqual([]);
    admin.disconnect();
    await events.return?.();
  });

  it("whose subscriptions are cut 50 times under 4 writers miss nothing and see nothing twice", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    const subscriber = new Redis(url, { retryStrategy: () => 1 });
    const client = new Redis(url);
    const reader = new RedisSessionService({ client, subscriber, keyPrefix, pollMs: NEVER_MS });
    await using writer = await RedisSessionService.connect(url, { keyPrefix });
    await writer.createSession(KEY);
    const events = reader.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    const admin = new Redis(url);
    let isOver = false;
    const writing = Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        for (let count = 0; !isOver; count++) await append(writer, [`${n}:${count}`]);
      }),
    );
    const seen: (string | undefined)[] = [];
    let cuts = 0;
    while (cuts < 50) {
      const id = await subscriber.client("ID").catch(() => undefined);
      if (typeof id === "number") cuts += Number(await admin.client("KILL", "ID", id));
      seen.push(...(await take(events, 4)));
    }
    isOver = true;
    await writing;
    await append(writer, ["last"]);
    while (seen.at(-1) !== "last") seen.push(...(await take(events, 1)));
    expect(seen).toEqual((await writer.getSession(KEY))!.events.map(textOf));
    await events.return?.();
    await reader[Symbol.asyncDispose]();
    for (const each of [admin, subscriber, client]) each.disconnect();
  });

  it("are looked for every `pollMs` while the subscriber is away, and each is subscribed to once", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    const client = new Redis(url);
    const looks = countLooks(client);
    // Nobody is there.
    const subscriber = new Redis({ host: "127.0.0.1", port: 1, maxRetriesPerRequest: null });
    subscriber.on("error", () => {});
    const subscribe = subscriber.subscribe.bind(subscriber) as (name: string) => Promise<unknown>;
    let subscribed = 0;
    subscriber.subscribe = (async (channel: string) => {
      subscribed++;
      return await subscribe(channel);
    }) as typeof subscriber.subscribe;
    const store = new RedisSessionStore({ client, subscriber, keyPrefix, pollMs: 1 });
    await store.create({ ...KEY, incarnation: "i", initialState: {} });
    const stop = new AbortController();
    const woken = store.watch(stop.signal)[Symbol.asyncIterator]().next();
    await store.read({ ...KEY, events: { from: 1 } });
    await looks(100);
    expect(subscribed).toBe(1);
    stop.abort();
    await woken;
    await store[Symbol.asyncDispose]();
    for (const each of [subscriber, client]) each.disconnect();
  });

  it("are looked for every `pollMs` when the subscriber's connection has gone", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    const client = new Redis(url);
    const looks = countLooks(client);
    const subscriber = new Redis(url);
    const store = new RedisSessionStore({ client, subscriber, keyPrefix, pollMs: 1 });
    await store.create({ ...KEY, incarnation: "i", initialState: {} });
    const stop = new AbortController();
    const woken = store.watch(stop.signal)[Symbol.asyncIterator]().next();
    await store.read({ ...KEY, events: { from: 1 } });
    const listening = async (): Promise<unknown> =>
      await client.pubsub("CHANNELS", `${keyPrefix}*`);
    await expect.poll(listening).toHaveLength(1);
    // Behind the answer to the subscription.
    await subscriber.ping();
    subscriber.disconnect();
    await looks(100);
    stop.abort();
    await woken;
    await store[Symbol.asyncDispose]();
    client.disconnect();
  });

  it("of 1,000 sessions in one process share two connections, which end with them", async () => {
    await using place = await freshKeyPrefix({ url });
    const { keyPrefix } = place;
    const client = new Redis(url, { connectionName: keyPrefix });
    const store = new RedisSessionStore({ client, keyPrefix });
    const admin = new Redis(url);
    const connections = async (): Promise<number> =>
      String(await admin.client("LIST")).split(`name=${keyPrefix} `).length - 1;
    const stop = new AbortController();
    const wakes = store.watch(stop.signal)[Symbol.asyncIterator]();
    const woken = wakes.next();
    const keys = Array.from({ length: 1_000 }, (_item, n) => ({ ...KEY, sessionId: `s${n}` }));
    const follow = async (key: typeof KEY): Promise<void> => {
      await store.create({ ...key, incarnation: `of ${key.sessionId}`, initialState: {} });
      await store.read({ ...key, events: { from: 1 } });
    };
    for (let start = 0; start < keys.length; start += 100)
      await Promise.all(keys.slice(start, start + 100).map(follow));
    const channels = async (): Promise<unknown> =>
      ((await admin.pubsub("CHANNELS", `${keyPrefix}*`)) as string[]).length;
    await expect.poll(channels, { timeout: 10_000 }).toBe(1_000);
    expect(await connections()).toBe(2);
    await admin.publish(`${keyPrefix}{app/user}:s7:c`, "1 of");
    expect((await woken).value).toBeDefined();
    stop.abort();
    await wakes.return?.();
    await expect.poll(connections, { timeout: 10_000 }).toBe(1);
    await store[Symbol.asyncDispose]();
    for (const each of [admin, client]) each.disconnect();
  });
});
