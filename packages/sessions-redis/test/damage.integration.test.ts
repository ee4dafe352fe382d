import { freshKeyPrefix, offered, sharedRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { Keys } from "../src/keys.ts";
import { RedisSessionService } from "../src/index.ts";
import { said } from "./support/writers.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };
type Part = keyof ReturnType<Keys["session"]>;

/** Eviction and `DEL` take whole keys; what another program writes is something else under our names. */
describe.skipIf(!server)("a session of which a part is gone", () => {
  let client: Redis;
  let place: Awaited<ReturnType<typeof freshKeyPrefix>>;
  let service: RedisSessionService;
  let keys: Keys;

  beforeEach(async () => {
    place = await freshKeyPrefix(server!);
    client = new Redis(server!.url);
    keys = new Keys(place.keyPrefix, "user");
    service = new RedisSessionService({ client, keyPrefix: place.keyPrefix });
    const session = await service.createSession({ ...KEY, state: { a: 1 } });
    const { lease } = await service.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
    const header = { invocationId: "e", kept: [said("old")] };
    await service.appendEvent({ session, event: said("one", { b: 2 }), lease, header });
    await service.appendEvent({ session, event: said("two"), lease });
    await lease.release();
  });

  afterEach(async () => {
    await service[Symbol.asyncDispose]();
    client.disconnect();
    await place[Symbol.asyncDispose]();
  });

  const of = (part: Part): string => keys.session(KEY)[part];
  const read = async (): Promise<unknown> => await service.getSession(KEY);
  const open = async (): Promise<unknown> =>
    await service.openSession({ ...KEY, owner: "o", ttlMs: 1_000 });
  const create = async (): Promise<unknown> => await service.getOrCreateSession(KEY);
  const append = async (): Promise<unknown> =>
    await service.appendEvent({ session: handle, event: said("three", { c: 3 }) });
  const fork = async (): Promise<unknown> =>
    await service.forkSession({ ...KEY, atSequence: 1, newSessionId: "fork" });
  let handle: Awaited<ReturnType<RedisSessionService["createSession"]>>;
  beforeEach(async () => {
    handle = (await service.getSession(KEY))!;
  });

  it.each<[Part, Record<string, () => Promise<unknown>>]>([
    ["header", { read, open, create, append }],
    ["events", { read, open, append, fork }],
    ["ids", { open, append }],
    ["state", { read, open, append }],
    ["kept", { open, append }],
  ])("its %s: is STORE_CORRUPT, and nothing is written", async (part, calls) => {
    await client.del(of(part));
    const before = await dump();
    for (const [name, call] of Object.entries(calls))
      await expect(call(), name).rejects.toMatchObject({
        code: "STORE_CORRUPT",
        retryable: false,
        details: { sessionId: "session", part, committed: false },
      });
    expect(await dump()).toEqual(before);
    // The user can still be deleted whole.
    await service.deleteUser({ appName: "app", userId: "user" });
    expect(await service.getSession(KEY)).toBeUndefined();
    expect(await client.exists(...Object.values(keys.session(KEY)))).toBe(0);
  });

  it("its initial state: is STORE_CORRUPT for who asks for it", async () => {
    await client.del(of("initial"));
    await expect(
      service.getSession({ ...KEY, config: { includeInitialState: true } }),
    ).rejects.toMatchObject({ code: "STORE_CORRUPT", details: { part: "initial" } });
    await expect(fork()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    expect(await service.getSession(KEY)).toBeDefined();
  });

  it("is said of a write that came before: it does not say that nothing was written", async () => {
    await client.rpop(of("events"));
    const update = async (): Promise<unknown> =>
      await service.updateSession({ ...KEY, title: "new" });
    await expect(update()).rejects.toMatchObject({
      code: "STORE_CORRUPT",
      details: { committed: "unknown" },
    });
    expect(await client.hget(of("header"), "title")).toBe("new");
  });

  it("some of its events or of its state: is STORE_CORRUPT", async () => {
    await client.rpop(of("events"));
    await expect(read()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
    await client.rpush(of("events"), "two\0{}");
    await client.hdel(of("state"), "a");
    await expect(append()).rejects.toMatchObject({ details: { part: "state" } });
  });

  it.each(["header", "events", "ids", "state", "kept", "outbox"] as const)(
    "and its %s something else: is STORE_CORRUPT, and nothing is written",
    async (part) => {
      await client.del(of(part));
      await client.xadd(of(part), "*", "not", "ours");
      const before = await dump();
      await expect(append()).rejects.toMatchObject({ code: "STORE_CORRUPT", retryable: false });
      expect(await dump()).toEqual(before);
    },
  );

  it.each(["state", "index", "waiting", "open"] as const)(
    "with a user's or an app's %s that is something else: is STORE_CORRUPT, and nothing is written",
    async (name) => {
      for (const key of [keys.user("app", "user")[name], keys.app("app")[name]]) {
        await client.del(key);
        await client.xadd(key, "*", "not", "ours");
        const before = await dump();
        await expect(append()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
        expect(await dump()).toEqual(before);
        await client.del(key);
      }
    },
  );

  /** Everything under the prefix, byte by byte. */
  async function dump(): Promise<Record<string, string>> {
    const names = (await client.keys(`${place.keyPrefix}*`)).toSorted();
    const all = await Promise.all(
      names.map(async (name) => (await client.dumpBuffer(name)).toString("base64")),
    );
    return Object.fromEntries(names.map((name, index) => [name, all[index] ?? ""]));
  }
});
