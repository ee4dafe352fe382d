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
  primary: Pick<OwnServer, "url" | "port">,
  { throughPort = primary.port, ...options }: StartRedisReplicaOptions = {},
): Promise<OwnServer> {
  const spec = redisSpec(options, ["--replicaof", "127.0.0.1", String(throughPort)]);
  const replica = await startServer("redis-replica", spec);
  try {
    await until(
      `the Redis replica at ${replica.port} follows`,
      async () => await isInStep(replica, primary),
    );
    return replica;
  } catch (error) {
    await replica[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether a replica has its primary's data, and the primary sends it what comes: either side alone may be early. */
export async function isInStep(
  replica: Pick<OwnServer, "url" | "port">,
  primary: Pick<OwnServer, "url">,
): Promise<boolean> {
  const replication = async ({ url }: Pick<OwnServer, "url">): Promise<string> =>
    await askingRedis(url, async (client) => await client.info("replication"));
  const [below, above] = await Promise.all([replication(replica), replication(primary)]);
  return (
    below.includes("master_link_status:up") && above.includes(`port=${replica.port},state=online`)
  );
}
