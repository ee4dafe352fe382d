import { readFileSync } from "node:fs";
import { freshKeyPrefix, offered, sharedRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { RedisSessionService } from "../src/index.ts";
import { said, textOf } from "./support/writers.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "shop", userId: "ada", sessionId: "s1" };

describe.skipIf(!server)("the layout", () => {
  let client: Redis;
  let place: Awaited<ReturnType<typeof freshKeyPrefix>>;
  let service: RedisSessionService;

  beforeEach(async () => {
    place = await freshKeyPrefix(server!);
    client = new Redis(server!.url);
    service = new RedisSessionService({ client, keyPrefix: place.keyPrefix });
  });
  afterEach(async () => {
    await service[Symbol.asyncDispose]();
    client.disconnect();
    await place[Symbol.asyncDispose]();
  });

  const names = async (): Promise<string[]> =>
    (await client.keys(`${place.keyPrefix}*`)).toSorted();

  /** Commands as they were written by version 1: one a line, a JSON list. */
  async function restore(): Promise<void> {
    const text = readFileSync(new URL("fixtures/data-1.jsonl", import.meta.url), "utf8");
    for (const line of text.trim().split("\n")) {
      const [name = "", key = "", ...words] = JSON.parse(line) as string[];
      await client.call(name, `${place.keyPrefix}${key}`, ...words);
    }
  }

  it("1, as it was first shipped, is read and written", async () => {
    await restore();
    const found = (await service.getSession({ ...KEY, config: { includeInitialState: true } }))!;
    expect(found).toMatchObject({
      incarnation: "life-1",
      createTime: 1_795_562_913_118,
      lastUpdateTime: 1_795_562_913_245,
      lastSequence: 2,
      title: "Refund",
      labels: { team: "red" },
      initialState: { cart: 1 },
      state: { cart: 2, "user:name": "Ada", "app:open": true },
    });
    expect(found.events.map(textOf)).toEqual(["hello", "bye"]);
    // What a later version has added to an event is kept.
    expect(JSON.stringify(found.events[1])).toContain("fromTheFuture");
    const request = { appName: "shop", userId: "ada" };
    expect((await service.listSessions(request)).sessions.map(({ id }) => id)).toEqual(["s1"]);
    expect((await service.listSessions({ appName: "shop" })).sessions).toHaveLength(1);
    const interrupted = await service.listInterrupted({ appName: "shop" });
    expect(interrupted.sessions.map(({ sessionId }) => sessionId)).toEqual(["s1"]);
    const opened = await service.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
    expect(opened.openInvocationId).toBe("e-1");
    expect(opened.lease.attempt).toBe(2);
    await service.appendEvent({ session: opened.session, event: said("on"), lease: opened.lease });
    await opened.lease.release({ ended: "e-1" });
    await service.forkSession({ ...KEY, atSequence: 1, newSessionId: "s2" });
    await service.deleteSession(KEY);
    expect((await service.listSessions(request)).sessions.map(({ id }) => id)).toEqual(["s2"]);
  });

  it("is what is written today", async () => {
    await service.createSession(KEY);
    expect(JSON.parse((await client.get(`${place.keyPrefix}{layout}`)) ?? "")).toEqual({
      version: 1,
      worksFrom: 1,
      tag: "user",
    });
    expect(await names()).not.toContain(`${place.keyPrefix}{layout}:rehearsal`);
  });

  it("that is newer and says that this version works on it is used", async () => {
    const newer = JSON.stringify({ version: 2, worksFrom: 1, tag: "user", more: true });
    await client.set(`${place.keyPrefix}{layout}`, newer);
    await service.createSession(KEY);
    expect(await service.getSession(KEY)).toBeDefined();
    expect(await client.get(`${place.keyPrefix}{layout}`)).toBe(newer);
  });

  it.each([
    [
      "is newer than this version knows",
      { version: 9, worksFrom: 9, tag: "user" },
      "SCHEMA_MISMATCH",
    ],
    ["nobody wrote", "something", "SCHEMA_MISMATCH"],
    ["has another tag", { version: 1, worksFrom: 1, tag: "app" }, "MISCONFIGURED"],
  ])(
    "that %s is refused, by readers too, before anything is written",
    async (_how, layout, code) => {
      await client.set(`${place.keyPrefix}{layout}`, JSON.stringify(layout));
      for (const call of [
        async () => await service.createSession(KEY),
        async () => await service.getSession(KEY),
        async () => await service.listSessions({ appName: "shop" }),
        async () => await service.deleteUser({ appName: "shop", userId: "ada" }),
        async () => await service.migrate(),
      ])
        await expect(call()).rejects.toMatchObject({ code, details: { committed: false } });
      const { problems } = await service.check();
      expect(problems.map((problem) => problem.code)).toEqual([code]);
      expect(await names()).toEqual([`${place.keyPrefix}{layout}`]);
    },
  );

  it("is not written by who reads or checks", async () => {
    expect(await service.getSession(KEY)).toBeUndefined();
    expect(await service.listSessions({ appName: "shop" })).toEqual({ sessions: [] });
    expect(await service.check()).toEqual({ problems: [] });
    expect(await names()).toEqual([]);
  });

  it("keeps two prefixes apart", async () => {
    await using other = await freshKeyPrefix(server!);
    const beside = new RedisSessionService({ client, keyPrefix: other.keyPrefix });
    await service.createSession({ ...KEY, state: { "app:a": 1 } });
    expect(await beside.getSession(KEY)).toBeUndefined();
    expect(await beside.getAppState({ appName: "shop" })).toEqual({});
    await beside[Symbol.asyncDispose]();
  });
});
