import { Redis } from "ioredis";
import { expect, describe, it } from "vitest";
import {
  offered,
  startRedis,
  startRedisCluster,
  type RedisCluster,
  type RedisClusterNode as Node,
} from "../src/index.ts";

const own = await offered(async () => await startRedis());
await own?.[Symbol.asyncDispose]();

async function asking<T>(
  { addresses }: RedisCluster,
  ask: (client: InstanceType<typeof Redis.Cluster>) => Promise<T>,
): Promise<T> {
  const client = new Redis.Cluster([...addresses], { clusterRetryStrategy: () => 100 });
  client.on("error", () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

async function askingNode<T>(
  { url }: { readonly url: string },
  ask: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = new Redis(url, { lazyConnect: true });
  client.on("error", () => {});
  await client.connect();
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

/** How many slots each port serves, as this node sees it. */
async function sharesSeenBy(node: { readonly url: string }): Promise<Record<string, number>> {
  const shares: Record<string, number> = {};
  const ranges = await askingNode(node, async (client) => await client.cluster("SLOTS"));
  for (const [first, last, [, port] = []] of ranges)
    shares[String(port)] = (shares[String(port)] ?? 0) + last - first + 1;
  return shares;
}

async function sizeOf(node: { readonly url: string }): Promise<number> {
  return await askingNode(node, async (client) => await client.dbsize());
}

describe.skipIf(!own)("Redis Cluster", { timeout: 90_000 }, () => {
  it("moves slots with their keys while clients write them; no write is lost", async () => {
    await using cluster = await startRedisCluster();
    const [first, second, third] = cluster.masters as [Node, Node, Node];
    expect(cluster.addresses.every(({ port }) => port < 55_536)).toBe(true);
    expect(await sharesSeenBy(third)).toEqual({
      [first.port]: 5461,
      [second.port]: 5461,
      [third.port]: 5462,
    });
    await asking(cluster, async (client) => {
      const keys = Array.from({ length: 200 }, (_key, n) => `k${n}`);
      let rounds = 0;
      let isMoving = true;
      const write = async (): Promise<void> => {
        while (isMoving) {
          await Promise.all(keys.map(async (key) => await client.incr(key)));
          rounds++;
        }
      };
      const writing = write();
      await cluster.reshard(300, first, second).finally(() => {
        isMoving = false;
      });
      await writing;
      for (const node of cluster.masters)
        expect(await sharesSeenBy(node)).toEqual({
          [first.port]: 5161,
          [second.port]: 5761,
          [third.port]: 5462,
        });
      expect(rounds).toBeGreaterThan(1);
      const counts = await Promise.all(keys.map(async (key) => await client.get(key)));
      expect(new Set(counts)).toEqual(new Set([String(rounds)]));
    });
    await expect(cluster.reshard(6_000, first, second)).rejects.toThrow(
      /has 516\d slots, not 6000/,
    );
  });

  it("goes on with the replica of a master that was killed", async () => {
    await using cluster = await startRedisCluster({ replicasEach: 1 });
    expect(cluster.replicas).toHaveLength(3);
    await asking(cluster, async (client) => {
      for (let n = 0; n < 50; n++) await client.set(`k${n}`, n);
      const [master] = cluster.masters;
      const [replica, witness] = cluster.replicas;
      // A kill loses what the replica does not have yet.
      const stored = await sizeOf(master!);
      await expect.poll(async () => await sizeOf(replica!)).toBe(stored);
      await master!.kill();
      await expect
        .poll(async () => (await sharesSeenBy(witness!))[replica!.port], { timeout: 30_000 })
        .toBe(5461);
      await cluster.whenCovered();
      const values = await Promise.all(
        Array.from({ length: 50 }, async (_key, n) => await client.get(`k${n}`)),
      );
      expect(values).toEqual(Array.from({ length: 50 }, (_key, n) => String(n)));
      await master!.start();
      await expect
        .poll(async () => (await askingNode(master!, async (node) => await node.role()))[0], {
          timeout: 30_000,
        })
        .toBe("slave");
    });
  });
});
