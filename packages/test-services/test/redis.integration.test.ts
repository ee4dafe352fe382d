import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { freshKeyPrefix, offered, sharedRedis, startRedis } from "../src/index.ts";

const own = await offered(async () => await startRedis());
await own?.[Symbol.asyncDispose]();

async function asking<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { maxRetriesPerRequest: 1, retryStrategy: () => null });
  client.on("error", () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

describe.skipIf(!own)("Redis", () => {
  it("hands out key prefixes whose keys are removed at the end", async () => {
    await using server = await sharedRedis();
    const prefix = await freshKeyPrefix(server);
    await asking(server.url, async (client) => {
      await client.set(`${prefix.keyPrefix}a`, "1");
      await client.set(`{tag}:${prefix.keyPrefix}b`, "1");
    });
    await prefix[Symbol.asyncDispose]();
    const left = await asking(
      server.url,
      async (client) => await client.keys(`*${prefix.keyPrefix}*`),
    );
    expect(left).toEqual([]);
  });

  it("keeps what was acknowledged over a kill and a restart", async () => {
    await using server = await startRedis({ settings: { appendfsync: "always" } });
    await asking(server.url, async (client) => await client.set("k", "v"));
    await server.kill();
    await expect(asking(server.url, async (client) => await client.ping())).rejects.toThrow(
      /closed|ECONNREFUSED|max retries/i,
    );
    await server.start();
    expect(await asking(server.url, async (client) => await client.get("k"))).toBe("v");
  });
});
