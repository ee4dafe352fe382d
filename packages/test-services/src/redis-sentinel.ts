import type { Redis } from "ioredis";
import { askingRedis } from "./asking-redis.ts";
import { redisBinary } from "./redis-binary.ts";
import { startRedisReplica } from "./redis-replica.ts";
import { redisSpec, type StartRedisOptions } from "./redis-spec.ts";
import { startServer, type OwnServer, type ServerSpec } from "./server.ts";
import { endAll, startAll } from "./start-all.ts";
import { until } from "./until.ts";

export interface StartRedisSentinelOptions extends Omit<StartRedisOptions, "users" | "tls"> {
  /** @defaultValue 1 */
  readonly replicas?: number | undefined;
  /** @defaultValue 3 */
  readonly sentinels?: number | undefined;
  /** How long the primary may be silent before it is replaced, in milliseconds. @defaultValue 1,000 */
  readonly downAfterMs?: number | undefined;
}

/** A primary with replicas, and sentinels that replace it. */
export interface RedisSentinel extends AsyncDisposable {
  /** For `new Redis({ sentinels, name: masterName })`. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly masterName: string;
  /** The servers of the data; the first was the primary at the start. */
  readonly servers: readonly OwnServer[];
  /** The server that most sentinels name as the primary, and that is one. */
  primary(): Promise<OwnServer>;
  /** Waits until another server than this one is the primary. Kill or freeze this one before, or ask for `failover`. */
  whenReplaced(primary: OwnServer): Promise<OwnServer>;
  /** Has a replica take over though the primary is well, and waits for it. @returns the new primary */
  failover(): Promise<OwnServer>;
}

const HOST = "127.0.0.1";
const MASTER_NAME = "adk-primary";

/** Starts all of them; each sentinel knows the replicas and the other sentinels. */
export async function startRedisSentinel({
  replicas = 1,
  sentinels: sentinelCount = 3,
  downAfterMs = 1_000,
  ...options
}: StartRedisSentinelOptions = {}): Promise<RedisSentinel> {
  const first = await startServer("redis", redisSpec(options));
  const servers = [first];
  const watchers: OwnServer[] = [];
  const end = async (): Promise<void> => {
    await endAll(watchers);
    await endAll(servers);
  };
  try {
    const follow = async (): Promise<OwnServer> => await startRedisReplica(first, options);
    servers.push(...(await startAll(Array.from({ length: replicas }, () => follow))));
    const spec = sentinelSpec(first, downAfterMs, Math.floor(sentinelCount / 2) + 1, options);
    const watch = async (): Promise<OwnServer> => await startServer("redis-sentinel", spec);
    watchers.push(...(await startAll(Array.from({ length: sentinelCount }, () => watch))));
    await until("the sentinels know each other and the replicas", async () => {
      const seen = await Promise.all(watchers.map(async (watcher) => await seenBy(watcher)));
      return seen.every(
        (of) =>
          of.get("num-slaves") === String(replicas) &&
          of.get("num-other-sentinels") === String(sentinelCount - 1),
      );
    });
  } catch (error) {
    await end();
    throw error;
  }
  const primary = async (): Promise<OwnServer> => {
    let found: OwnServer | undefined;
    await until("most sentinels name one primary", async () => {
      found = await agreed(watchers, servers);
      return found !== undefined;
    });
    return found!;
  };
  const whenReplaced = async (old: OwnServer): Promise<OwnServer> => {
    let found: OwnServer | undefined;
    await until(`another server than ${old.port} is the primary`, async () => {
      found = await agreed(watchers, servers);
      return found !== undefined && found !== old;
    });
    return found!;
  };
  return {
    sentinels: watchers.map(({ port }) => ({ host: HOST, port })),
    masterName: MASTER_NAME,
    servers,
    primary,
    whenReplaced,
    async failover() {
      const old = await primary();
      await until("a sentinel takes the failover on", async () => {
        await asking(watchers[0]!, async (client) => {
          await client.call("SENTINEL", "FAILOVER", MASTER_NAME);
        });
        return true;
      });
      return await whenReplaced(old);
    },
    [Symbol.asyncDispose]: end,
  };
}

function sentinelSpec(
  primary: OwnServer,
  downAfterMs: number,
  quorum: number,
  { version, settings = {} }: StartRedisOptions,
): ServerSpec {
  const binary = redisBinary(version);
  const { requirepass: password } = settings;
  const config = [
    "port {port}",
    `bind ${HOST}`,
    "dir {dir}",
    `sentinel monitor ${MASTER_NAME} ${HOST} ${primary.port} ${quorum}`,
    `sentinel down-after-milliseconds ${MASTER_NAME} ${downAfterMs}`,
    // Also how long a vote that nobody won is waited out.
    `sentinel failover-timeout ${MASTER_NAME} ${3 * downAfterMs}`,
    ...(password === undefined
      ? []
      : [`sentinel auth-pass ${MASTER_NAME} ${JSON.stringify(password)}`]),
  ];
  const write = `cat > {dir}/sentinel.conf <<'END'\n${config.join("\n")}\nEND`;
  return {
    prepare: [["/bin/sh", "-c", write]],
    command: [...binary.command, "{dir}/sentinel.conf", "--sentinel"],
    env: binary.env,
    readyLine: "Sentinel ID is",
    url: `redis://${HOST}:{port}`,
    onDisk: false,
    lingerMs: 0,
  };
}

/** The server that more than half of all sentinels name, if it holds itself for the primary too. */
async function agreed(
  watchers: readonly OwnServer[],
  servers: readonly OwnServer[],
): Promise<OwnServer | undefined> {
  const named = await Promise.allSettled(watchers.map(async (watcher) => await namedBy(watcher)));
  for (const server of servers) {
    const votes = named.filter(
      (outcome) => outcome.status === "fulfilled" && outcome.value === server.port,
    ).length;
    if (votes * 2 <= watchers.length) continue;
    const role = await asking(server, async (client) => await client.call("ROLE"));
    return (role as unknown[])[0] === "master" ? server : undefined;
  }
  return undefined;
}

async function namedBy(watcher: OwnServer): Promise<number> {
  const address = await asking(
    watcher,
    async (client) => await client.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER_NAME),
  );
  return Number((address as string[])[1]);
}

/** What a sentinel says of the primary, by name. */
async function seenBy(watcher: OwnServer): Promise<ReadonlyMap<string, string>> {
  const words = (await asking(
    watcher,
    async (client) => await client.call("SENTINEL", "MASTER", MASTER_NAME),
  )) as string[];
  return new Map(
    words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? ""]] : [])),
  );
}

async function asking<T>({ url }: OwnServer, ask: (client: Redis) => Promise<T>): Promise<T> {
  return await askingRedis(url, ask);
}
