import { offered, sharedRedis } from "@adk/test-services";
import { Redis } from "ioredis";
import { afterAll, describe, expect, it } from "vitest";
import { failFast } from "../src/fail-fast.ts";
import type { Driver } from "../src/redis-client.ts";

const server = await offered(sharedRedis);
afterAll(async () => await server?.[Symbol.asyncDispose]());

const NOBODY = 1;

/** How often connecting failed before a command was given up. */
async function closesBefore(redis: Redis): Promise<number> {
  let closes = 0;
  redis.on("close", () => void closes++);
  await expect(redis.get("x")).rejects.toThrow(/max retries per request/);
  return closes;
}

function client(port: number): Redis {
  const redis = new Redis({
    host: "127.0.0.1",
    port,
    lazyConnect: true,
    maxRetriesPerRequest: 3,
    retryStrategy: () => 1,
  });
  redis.on("error", () => {});
  return redis;
}

describe.skipIf(!server)("a client that never was connected", () => {
  it("fails at once where no server is; others try as often as they are told to", async () => {
    const [fast, slow] = [client(NOBODY), client(NOBODY)];
    failFast(fast as unknown as Driver);
    try {
      expect(await closesBefore(fast)).toBe(1);
      expect(await closesBefore(slow)).toBe(4);
    } finally {
      for (const redis of [fast, slow]) redis.disconnect();
    }
  });

  it("tries as often as it is told to once it was connected", async () => {
    const redis = client(Number(new URL(server?.url ?? "").port));
    failFast(redis as unknown as Driver);
    try {
      await redis.ping();
      redis.options.port = NOBODY;
      redis.disconnect(true);
      expect(await closesBefore(redis)).toBe(4);
    } finally {
      redis.disconnect();
    }
  });
});
