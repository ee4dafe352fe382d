import { createRequire } from "node:module";
import { createEvent } from "@adk/core";
import { sessionServiceSuite, type SessionSubject } from "@adk/core/testing";
import { freshKeyPrefix, offered, sharedRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { Redis as Oldest } from "ioredis-oldest";
import { afterAll, describe, expect, it } from "vitest";
import { RedisSessionService, type RedisClient } from "../src/index.ts";
import { redisSubject } from "./support/subject.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "session" };

describe.skipIf(!server)("drivers", () => {
  const url = server?.url ?? "";

  /** State with keys that a driver may trip over, a follower, a list and a check. */
  async function tryOut(client: RedisClient): Promise<string> {
    await using place = await freshKeyPrefix({ url });
    const service = new RedisSessionService({ client, keyPrefix: place.keyPrefix });
    const hostile = JSON.parse('{"__proto__":1,"constructor":2,"0":3}') as Record<string, unknown>;
    const session = await service.createSession({ ...KEY, state: { ...hostile, "user:b": 2 } });
    const events = service.subscribe({ ...KEY, afterSequence: 0 })[Symbol.asyncIterator]();
    const first = events.next();
    const actions = { stateDelta: { a: 2 } };
    const event = createEvent({ author: "user", invocationId: "e", actions });
    await service.appendEvent({ session, event });
    expect((await first).value).toMatchObject({ sequence: 1 });
    const { state } = (await service.getSession(KEY))!;
    expect(JSON.stringify(state, Object.keys(state).toSorted())).toBe(
      JSON.stringify({ ...hostile, a: 2, "user:b": 2 }, Object.keys(state).toSorted()),
    );
    expect((await service.listSessions({ appName: "app" })).sessions[0]?.lastSequence).toBe(1);
    expect(await service.check()).toEqual({ problems: [] });
    await events.return?.();
    await service[Symbol.asyncDispose]();
    const { status } = client;
    client.disconnect();
    return status;
  }

  it("the oldest one of the range does what the newest does", async () => {
    const { version } = createRequire(import.meta.url)("ioredis-oldest/package.json") as {
      version: string;
    };
    expect(version).toBe("5.6.1");
    // It stays its owner's: it is open at the end.
    expect(await tryOut(new Oldest(url))).toBe("ready");
  });

  it.each([
    ["as it comes", {}],
    ["with RESP2", { protocol: 2 }],
    ["with the replies of RESP3 as they are", { protocol: 3, replyMapping: "resp3" }],
    ["with automatic pipelines", { enableAutoPipelining: true }],
    ["on another database", { db: 3 }],
    ["with friendly stacks", { showFriendlyErrorStack: true }],
  ] as const)("the newest works %s", async (_how, options) => {
    expect(await tryOut(new Redis(url, options))).toBe("ready");
  });

  /** `ADK_TEST_MATRIX=1`: what not every run must do. */
  if (process.env["ADK_TEST_MATRIX"])
    sessionServiceSuite(
      { describe, it },
      {
        name: "sessions with ioredis 5.6.1",
        store: async (): Promise<SessionSubject> =>
          await redisSubject(server!, { client: (at) => new Oldest(at) }),
        knownGaps: [],
      },
    );
});
