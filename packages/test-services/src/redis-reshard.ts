import type { Redis } from "ioredis";
import { askingRedis } from "./asking-redis.ts";
import type { OwnServer } from "./server.ts";
import { until } from "./until.ts";

/** A server of a cluster. */
export interface RedisClusterNode extends OwnServer {
  /** What the cluster calls it. */
  readonly id: string;
}

const KEYS_AT_ONCE = 100;
const MIGRATE_TIMEOUT_MS = 5_000;

/** Moves slots with their keys. A client that asks for one meanwhile is told where it is. */
export async function reshard(
  nodes: readonly RedisClusterNode[],
  slots: number,
  from: RedisClusterNode,
  to: RedisClusterNode,
): Promise<void> {
  const moved = await askingRedis(from.url, async (source) => {
    const owned = await slotsOf(source, from);
    if (owned.length < slots)
      throw new Error(`The node at ${from.port} has ${owned.length} slots, not ${slots}.`);
    const moving = owned.slice(0, slots);
    await askingRedis(to.url, async (target) => {
      for (const slot of moving) {
        await target.cluster("SETSLOT", slot, "IMPORTING", from.id);
        await source.cluster("SETSLOT", slot, "MIGRATING", to.id);
        await moveKeys(source, slot, to);
        // The new owner first: else the slot would be nobody's for a moment.
        await target.cluster("SETSLOT", slot, "NODE", to.id);
        await source.cluster("SETSLOT", slot, "NODE", to.id);
      }
    });
    return moving;
  });
  await waitUntilKnown(nodes, moved, to);
}

/** Gossip tells the others; one that is down learns it when it is back. */
async function waitUntilKnown(
  nodes: readonly RedisClusterNode[],
  slots: readonly number[],
  owner: RedisClusterNode,
): Promise<void> {
  const knows = async ({ url }: RedisClusterNode): Promise<boolean> => {
    const known = await askingRedis(url, async (client) => await slotsOf(client, owner));
    const all = new Set(known);
    return slots.every((slot) => all.has(slot));
  };
  await until(`the nodes know that ${owner.port} has ${slots.length} more slots`, async () => {
    const answers = await Promise.allSettled(nodes.map(knows));
    return answers.every((answer) => answer.status === "rejected" || answer.value);
  });
}

async function moveKeys(source: Redis, slot: number, to: RedisClusterNode): Promise<void> {
  const { password } = new URL(to.url);
  const login = password === "" ? [] : ["AUTH", decodeURIComponent(password)];
  for (;;) {
    const keys = (await source.cluster("GETKEYSINSLOT", slot, KEYS_AT_ONCE)) as string[];
    if (keys.length === 0) return;
    const target = ["127.0.0.1", to.port, "", 0, MIGRATE_TIMEOUT_MS] as const;
    await source.call("MIGRATE", ...target, ...login, "KEYS", ...keys);
  }
}

/** What a node says that it serves; slots that move just now stand in brackets behind. */
async function slotsOf(client: Redis, { id }: RedisClusterNode): Promise<number[]> {
  const lines = String(await client.cluster("NODES")).split("\n");
  const ranges =
    lines
      .find((line) => line.startsWith(id))
      ?.split(" ")
      .slice(8) ?? [];
  return ranges
    .filter((range) => !range.startsWith("["))
    .flatMap((range) => {
      const [first = 0, last = first] = range.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_slot, n) => first + n);
    });
}
