import { askRedis } from "../stores/ask-redis.ts";
import { redisPlace } from "../stores/redis-place.ts";
import { now } from "../history/now.ts";
import { until } from "../until.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const FULL_MS = 700;

/** The server may use no more memory. */
export const memoryFull: Line = {
  name: "memory-full",
  stores: ["redis"],
  fault: "maxmemory is reached three times, without eviction",
  must: "STORE_FULL or success; recovery by itself when there is room; nothing half-written",
  leastFaults: 3,
  async run(context) {
    const { tally } = context;
    await using place = await redisPlace({ "maxmemory-policy": "noeviction" });
    const { url } = place.server;
    const services = [await place.open(), await place.open({ maxTries: 1 })];
    const direct = await place.open();
    const durability = await place.durability();
    const met = (): number => tally.codes.get("STORE_FULL") ?? 0;
    const limit = async (bytes: number): Promise<void> =>
      void (await askRedis(url, async (client) => await client.config("SET", "maxmemory", bytes)));
    const final = await underLoad(context, {
      services,
      direct,
      following: await place.open(),
      faults: 3,
      async disturb() {
        const before = met();
        const used = await askRedis(url, async (client) => await client.info("memory"));
        await limit(Number(/used_memory:(\d+)/.exec(used)?.[1]));
        const since = now();
        await until("writers meet the limit", () => met() > before && now() - since > FULL_MS);
        await limit(0);
      },
    });
    return { durability, faults: 3, final };
  },
};
