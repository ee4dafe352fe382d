import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { offered, startRedis, startRedisSentinel, type RedisSentinel } from "../src/index.ts";

const own = await offered(async () => await startRedis());
await own?.[Symbol.asyncDispose]();

async function asking<T>(
  { sentinels, masterName }: RedisSentinel,
  ask: (client: Redis) => Promise<T>,
  password?: string,
): Promise<T> {
  const client = new Redis({
    sentinels: [...sentinels],
    name: masterName,
    ...(password !== undefined && { password }),
  });
  client.on("error", () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

describe.skipIf(!own)("Redis Sentinel", { timeout: 90_000 }, () => {
  it("replaces a primary that was killed, and takes it back as a replica", async () => {
    await using sentinel = await startRedisSentinel();
    expect(sentinel.sentinels).toHaveLength(3);
    const first = await sentinel.primary();
    expect(first).toBe(sentinel.servers[0]);
    await asking(sentinel, async (client) => {
      await client.set("k", "v");
      expect(await client.wait(1, 5_000)).toBe(1);
    });
    await first.kill();
    const second = await sentinel.whenReplaced(first);
    expect(second).toBe(sentinel.servers[1]);
    await asking(sentinel, async (client) => {
      expect(await client.get("k")).toBe("v");
      await client.set("k", "w");
      await first.start();
      await expect.poll(async () => await client.wait(1, 500), { timeout: 30_000 }).toBe(1);
    });
  });

  it("replaces a frozen primary, and on demand one that is well; with a password", async () => {
    const password = "pass word";
    await using sentinel = await startRedisSentinel({ settings: { requirepass: password } });
    const first = await sentinel.primary();
    await first.freeze();
    const second = await sentinel.whenReplaced(first);
    await first.thaw();
    await asking(
      sentinel,
      async (client) => {
        await client.set("k", "v");
        await expect.poll(async () => await client.wait(1, 500), { timeout: 30_000 }).toBe(1);
      },
      password,
    );
    expect(await sentinel.failover()).toBe(first);
    expect(await sentinel.primary()).not.toBe(second);
  });
});
