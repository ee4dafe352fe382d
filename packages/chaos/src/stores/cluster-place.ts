import { startRedisCluster, type RedisCluster } from "@adk/test-services";
import { Opened } from "./opened.ts";
import type { Place } from "./place.ts";
import { KEY_PREFIX, redisDurability } from "./redis-place.ts";

/** Redis Cluster with three masters. */
export async function clusterPlace(): Promise<Place & { readonly cluster: RedisCluster }> {
  const cluster = await startRedisCluster({ masters: 3 });
  const { url } = cluster.masters[0]!;
  const address = { store: "redis", url, keyPrefix: KEY_PREFIX, cluster: true } as const;
  const opened = new Opened(address);
  return {
    address,
    cluster,
    open: opened.open,
    durability: async () => await redisDurability(url),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await cluster[Symbol.asyncDispose]();
    },
  };
}
