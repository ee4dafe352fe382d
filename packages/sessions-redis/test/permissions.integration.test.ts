import { freshKeyPrefix, offered, startRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { RedisSessionService, type ConnectRedisOptions } from "../src/index.ts";
import { said, textOf } from "./support/writers.ts";

const server = await offered(async () => await startRedis());
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };
/** What the README says that a user needs. */
const RULES = /user agents on >secret ([\s\S]*?)```/
  .exec(readFileSync(new URL("../README.md", import.meta.url), "utf8"))![1]!
  .trim()
  .split(/\s+/);

describe.skipIf(!server)("a user of exactly the README's rules", () => {
  let admin: Redis;
  beforeAll(() => {
    admin = new Redis(server!.url);
    // ioredis says with each connection that it may not call INFO.
    vi.spyOn(console, "warn").mockImplementation(() => {});
  });
  afterAll(() => {
    vi.restoreAllMocks();
    admin.disconnect();
  });

  /** A prefix and a user of their own; `adk:` of the rules is that prefix. */
  async function as(
    more: readonly string[],
    use: (
      connect: (options?: ConnectRedisOptions) => Promise<RedisSessionService>,
      prefix: string,
    ) => Promise<void>,
  ): Promise<void> {
    await using place = await freshKeyPrefix(server!);
    const { keyPrefix } = place;
    const username = keyPrefix.slice(0, -1);
    const rules = RULES.map((rule) => rule.replace("adk:", keyPrefix));
    await admin.acl("SETUSER", username, "reset", "on", ">secret", ...rules, ...more);
    try {
      await use(
        async (options) =>
          await RedisSessionService.connect(server!.url, {
            keyPrefix,
            username,
            password: "secret",
            ...options,
          }),
        keyPrefix,
      );
    } finally {
      await admin.acl("DELUSER", username);
    }
  }

  it("can do everything; what `check` cannot know it says", async () => {
    await as([], async (connect) => {
      // Without notifications nothing would arrive in time.
      await using service = await connect({ pollMs: 600_000, ttlMs: 60_000 });
      await using other = await connect({ pollMs: 600_000, ttlMs: 60_000 });
      await service.createSession({ ...KEY, state: { a: 1, "user:b": 1, "app:c": 1 } });
      const { session, lease } = await service.openSession({ ...KEY, owner: "o", ttlMs: 60_000 });
      const events = other.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
      const header = { invocationId: "e", kept: [said("old")] };
      await service.appendEvent({ session, event: said("one", { a: 2 }), lease, header });
      await service.appendEvent({ session, event: said("two"), lease });
      for (const text of ["one", "two"]) expect(textOf((await events.next()).value)).toBe(text);
      const third = events.next();
      await service.appendEvent({ session, event: said("three"), lease });
      expect(textOf((await third).value)).toBe("three");
      await events.return?.();
      await lease.release({ ended: "e" });
      await service.updateSession({ ...KEY, title: "t", labels: { a: "b" } });
      await service.forkSession({ ...KEY, atSequence: 1, newSessionId: "fork" });
      const request = { appName: "app", userId: "user" };
      expect((await service.listSessions(request)).sessions).toHaveLength(2);
      const byUpdate = { ...request, orderBy: "lastUpdateTime" } as const;
      expect((await service.listSessions(byUpdate)).sessions).toHaveLength(2);
      expect((await service.listInterrupted({ appName: "app" })).sessions).toEqual([]);
      await service.purgeExpired();
      const { problems } = await service.check();
      expect(problems).toEqual([
        { code: "PERMISSION_DENIED", message: expect.stringContaining("INFO") },
      ]);
      await service.deleteSession(KEY);
      await service.deleteUser(request);
      expect(await service.getUserState(request)).toEqual({});
    });
  });

  it("with INFO it is told all that `check` knows", async () => {
    await as(["+info"], async (connect) => {
      await using service = await connect();
      expect(await service.check()).toEqual({ problems: [] });
    });
  });

  it.each(
    RULES.filter((rule) =>
      /^\+(?:h|r|l|z(?!range|rev)|set|strlen|exists|unlink|time|copy|p(?!ublish|expire$))/.test(
        rule,
      ),
    ),
  )("without %s is refused before anything of a session is written", async (rule) => {
    const isOfReaders = ["+hgetall", "+lrem"].includes(rule);
    await as([rule.replace("+", "-")], async (connect, prefix) => {
      await using service = await connect({ maxTries: 1 });
      const creating = service.createSession({ ...KEY, state: { a: 1 } });
      if (!isOfReaders) await expect(creating).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
      else await creating.catch(() => {});
      const stored = await admin.keys(`${prefix}{app*`);
      expect(stored.filter((key) => key.endsWith(":h"))).toHaveLength(stored.length > 0 ? 1 : 0);
      if (!isOfReaders) expect(stored).toEqual([]);
    });
  });

  it("without channels goes on by polling, and `check` says so", async () => {
    await as(["resetchannels"], async (connect) => {
      await using service = await connect({ pollMs: 20 });
      await using other = await connect({ pollMs: 20 });
      const session = await service.createSession(KEY);
      const first = other
        .subscribe({ ...KEY, afterSequence: 0 })
        [Symbol.asyncIterator]()
        .next();
      await service.appendEvent({ session, event: said("one") });
      expect(textOf((await first).value)).toBe("one");
      const { problems } = await service.check();
      expect(problems.map(({ message }) => message)).toContainEqual(
        expect.stringContaining("Notifications do not arrive"),
      );
    });
  });

  it("with a wrong password is refused", async () => {
    await as([], async (connect) => {
      await using service = await connect({ password: "wrong", maxTries: 1, maxRetries: 0 });
      await expect(service.getSession(KEY)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    });
  });
});
