import { askRedis } from "../stores/ask-redis.ts";
import { APP_NAME } from "../load/worker.ts";
import { clusterPlace } from "../stores/cluster-place.ts";
import type { Line } from "./line.ts";
import { underLoad } from "./under-load.ts";

const SLOTS = 120;
const WRITERS = 24;

/** Slots move from master to master with the sessions in them. */
export const resharding: Line = {
  name: "resharding",
  stores: ["redis"],
  fault: `a cluster of three moves ${SLOTS} slots three times, under ${WRITERS} writers whose sessions lie in them`,
  must: "nothing lost, doubled or out of order; state exact",
  leastFaults: 3,
  async run(context) {
    await using place = await clusterPlace();
    const { cluster } = place;
    const services = [await place.open(), await place.open({ maxTries: 1 })];
    const durability = await place.durability();
    const [first, second, third] = cluster.masters;
    // The first of a master's slots are moved, so the same ones go round.
    const userIds = await usersInFirstSlots(first!.url);
    const moves = [
      [first!, second!],
      [second!, third!],
      [third!, first!],
    ] as const;
    const final = await underLoad(context, {
      services,
      direct: await place.open(),
      following: await place.open(),
      writers: WRITERS,
      sessions: WRITERS,
      userIds,
      longestPauseMs: 8,
      faults: moves.length,
      async disturb(n) {
        const [from, to] = moves[n]!;
        if ((await keysIn(from.url)) === 0)
          throw new Error(
            "No session lies in the slots that move: has the layout of keys changed?",
          );
        await cluster.reshard(SLOTS, from, to);
      },
    });
    return { durability, faults: moves.length, final, notes: [`${3 * SLOTS} slots moved`] };
  },
};

/** All of a user lies in the slot of `{app/user}`. */
async function usersInFirstSlots(url: string): Promise<string[]> {
  return await askRedis(url, async (client) => {
    const found: string[] = [];
    for (let n = 0; found.length < WRITERS; n++) {
      const slot = await client.cluster("KEYSLOT", `{${APP_NAME}/user${n}}`);
      if (slot < SLOTS) found.push(`user${n}`);
    }
    return found;
  });
}

/** How many keys a node has in the slots that move. */
async function keysIn(url: string): Promise<number> {
  return await askRedis(url, async (client) => {
    let sum = 0;
    for (let slot = 0; slot < SLOTS; slot++) sum += await client.cluster("COUNTKEYSINSLOT", slot);
    return sum;
  });
}
