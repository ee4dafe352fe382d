import { askingRedis } from "./asking-redis.ts";
import { redisSpec, type StartRedisOptions } from "./redis-spec.ts";
import { startServer, type OwnServer } from "./server.ts";
import { until } from "./until.ts";

export interface StartRedisReplicaOptions extends StartRedisOptions {
  /** The port through which it follows: that of a `FaultProxy`. @defaultValue the primary's */
  readonly throughPort?: number | undefined;
}

/** A replica that has caught up with its primary. With a password, give both the same. */
export async function startRedisReplica(
  primary: Pick<OwnServer, "port">,
  { throughPort = primary.port, ...options }: StartRedisReplicaOptions = {},
): Promise<OwnServer> {
  const spec = redisSpec(options, ["--replicaof", "127.0.0.1", String(throughPort)]);
  const replica = await startServer("redis-replica", spec);
  try {
    await until(
      `the Redis replica at ${replica.port} follows`,
      async () => await isInStep(replica),
    );
    return replica;
  } catch (error) {
    await replica[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether a replica has its primary's data and is connected to it. */
export async function isInStep(replica: Pick<OwnServer, "url">): Promise<boolean> {
  const said = await askingRedis(replica.url, async (client) => await client.info("replication"));
  return said.includes("master_link_status:up");
}
