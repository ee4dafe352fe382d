import { askingRedis } from "./asking-redis.ts";
import { reshard, type RedisClusterNode } from "./redis-reshard.ts";
import { isInStep } from "./redis-replica.ts";
import { redisSpec, type StartRedisOptions } from "./redis-spec.ts";
import { startServer } from "./server.ts";
import { endAll, startAll } from "./start-all.ts";
import { until } from "./until.ts";

export interface StartRedisClusterOptions extends Omit<StartRedisOptions, "users" | "tls"> {
  /** @defaultValue 3 */
  readonly masters?: number | undefined;
  /** Replicas of each master. @defaultValue 0 */
  readonly replicasEach?: number | undefined;
  /** How long a node may be silent before the others hold it for dead, in milliseconds. @defaultValue 2,000 */
  readonly nodeTimeoutMs?: number | undefined;
}

/** A cluster of this test alone. Each node is a server that can be killed, frozen and started again. */
export interface RedisCluster extends AsyncDisposable {
  /** As they were at the start: a failover changes what they are, not these lists. */
  readonly masters: readonly RedisClusterNode[];
  /** Those of the first master, then of the second … */
  readonly replicas: readonly RedisClusterNode[];
  /** For `new Redis.Cluster(addresses)`. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /**
   * Moves slots of one master to another with their keys, one by one, while clients go on.
   *
   * @throws Error when `from` has fewer.
   */
  reshard(slots: number, from: RedisClusterNode, to: RedisClusterNode): Promise<void>;
  /** Waits until every node that answers says that all slots are served. */
  whenCovered(): Promise<void>;
}

const SLOTS = 16_384;
/** The bus of a node: clients do not see it. */
const BUS_PORT_OFFSET = 10_000;
const HOST = "127.0.0.1";

/** Masters and replicas that know each other, with all slots served. */
export async function startRedisCluster({
  masters: masterCount = 3,
  replicasEach = 0,
  nodeTimeoutMs = 2_000,
  settings,
  ...options
}: StartRedisClusterOptions = {}): Promise<RedisCluster> {
  const spec = redisSpec({
    ...options,
    settings: {
      "cluster-enabled": "yes",
      "cluster-config-file": "nodes.conf",
      "cluster-node-timeout": String(nodeTimeoutMs),
      ...settings,
    },
  });
  const start = async (): Promise<RedisClusterNode> => {
    const server = await startServer("redis-cluster", {
      ...spec,
      secondPortOffset: BUS_PORT_OFFSET,
    });
    const id = await ask(server, "MYID");
    return { ...server, id: String(id) };
  };
  const nodes = await startAll(
    Array.from({ length: masterCount * (1 + replicasEach) }, () => start),
  );
  const masters = nodes.slice(0, masterCount);
  const replicas = nodes.slice(masterCount);
  const whenCovered = async (): Promise<void> =>
    await until("all slots of the cluster are served", async () => await isCovered(nodes));
  try {
    await form(nodes, masters);
    await until("the nodes of the cluster know each other", async () => {
      const said = await Promise.all(nodes.map(async (node) => await info(node)));
      return said.every((lines) => lines.includes(`cluster_known_nodes:${nodes.length}\r`));
    });
    for (const [index, replica] of replicas.entries()) {
      const master = masters[Math.floor(index / replicasEach)]!;
      await until(`${replica.port} is a replica`, async () => {
        await ask(replica, "REPLICATE", master.id);
        return true;
      });
      await until(
        `${replica.port} follows ${master.port}`,
        async () => await isInStep(replica, master),
      );
    }
    await whenCovered();
  } catch (error) {
    await endAll(nodes);
    throw error;
  }
  return {
    masters,
    replicas,
    addresses: nodes.map(({ port }) => ({ host: HOST, port })),
    reshard: async (slots, from, to) => await reshard(nodes, slots, from, to),
    whenCovered,
    [Symbol.asyncDispose]: async () => await endAll(nodes),
  };
}

async function form(
  nodes: readonly RedisClusterNode[],
  masters: readonly RedisClusterNode[],
): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    await ask(node, "SET-CONFIG-EPOCH", index + 1);
    // One of them would do; gossip takes seconds longer.
    for (const other of nodes.slice(0, index)) await ask(node, "MEET", HOST, other.port);
  }
  const share = SLOTS / masters.length;
  for (const [index, node] of masters.entries()) {
    const from = Math.floor(index * share);
    const to = Math.floor((index + 1) * share);
    await ask(node, "ADDSLOTS", ...Array.from({ length: to - from }, (_slot, n) => from + n));
  }
}

async function isCovered(nodes: readonly RedisClusterNode[]): Promise<boolean> {
  const outcomes = await Promise.allSettled(nodes.map(async (node) => await info(node)));
  const answers = outcomes.flatMap((outcome) =>
    outcome.status === "fulfilled" ? [outcome.value] : [],
  );
  return answers.length > 0 && answers.every((said) => said.includes("cluster_state:ok"));
}

async function info(node: Pick<RedisClusterNode, "url">): Promise<string> {
  return String(await ask(node, "INFO"));
}

async function ask(
  { url }: Pick<RedisClusterNode, "url">,
  ...words: readonly [string, ...(string | number)[]]
): Promise<unknown> {
  return await askingRedis(url, async (client) => await client.call("CLUSTER", ...words));
}
