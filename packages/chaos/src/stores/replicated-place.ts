import {
  FaultProxy,
  startPostgres,
  startPostgresStandby,
  startRedis,
  startRedisReplica,
  type OwnServer,
} from "@adk/test-services";
import { askRedis } from "./ask-redis.ts";
import type { Address, StoreName } from "./address.ts";
import { Opened } from "./opened.ts";
import type { Place } from "./place.ts";
import { postgresDurability, SCHEMA } from "./postgres-place.ts";
import { KEY_PREFIX, redisDurability } from "./redis-place.ts";

/** A primary and one replica, behind one address. */
export interface ReplicatedPlace extends Place {
  /** Nothing reaches the replica any more, and nothing of it the primary. */
  freezeReplication(): void;
  /** The primary dies, its replica takes its place and, a moment later, has a replica of its own. */
  failOver(): Promise<void>;
}

/** How a kind of server is replicated. */
interface Kind {
  start(): Promise<OwnServer>;
  follow(
    primary: OwnServer,
    throughPort: number,
  ): Promise<OwnServer & { promote(): Promise<void> }>;
  address(url: string): Address;
  durability(url: string): Promise<string>;
}

/** @param isDurable acknowledged means: the replica has it. */
export async function replicatedPlace(
  store: StoreName,
  isDurable: boolean,
): Promise<ReplicatedPlace> {
  const kind = kindOf(store, isDurable);
  await using stack = new AsyncDisposableStack();
  let primary = stack.use(await kind.start());
  let proxy = stack.use(await FaultProxy.start({ to: primary.port }));
  let replica = stack.use(await kind.follow(primary, proxy.port));
  // One address for whichever is the primary just now, as a load balancer gives it.
  const endpoint = stack.use(await FaultProxy.start({ to: primary.port }));
  const address = kind.address(endpoint.through(primary.url));
  const opened = stack.use(new Opened(address));
  const kept = stack.move();
  return {
    address,
    open: opened.open,
    durability: async () => await kind.durability(primary.url),
    freezeReplication: () => proxy.freeze(),
    async failOver() {
      await primary.kill();
      await replica.promote();
      primary = replica;
      endpoint.redirect(primary.port);
      endpoint.cutAll();
      proxy = kept.use(await FaultProxy.start({ to: primary.port }));
      replica = kept.use(await kind.follow(primary, proxy.port));
    },
    [Symbol.asyncDispose]: async () => await kept.disposeAsync(),
  };
}

function kindOf(store: StoreName, isDurable: boolean): Kind {
  switch (store) {
    case "postgres":
      return {
        start: async () => await startPostgres(),
        follow: async (primary, throughPort) =>
          await startPostgresStandby(primary, { synchronous: isDurable, throughPort }),
        address: (url) => ({ store: "postgres", url, schema: SCHEMA }),
        durability: postgresDurability,
      };
    case "redis":
      return {
        start: async () => await startRedis(),
        async follow(primary, throughPort) {
          const replica = await startRedisReplica(primary, { throughPort });
          return {
            ...replica,
            promote: async () =>
              await askRedis(replica.url, async (client) => {
                await client.replicaof("NO", "ONE");
              }),
          };
        },
        address: (url) => ({
          store: "redis",
          url,
          keyPrefix: KEY_PREFIX,
          ...(isDurable && { replicas: 1 }),
        }),
        durability: async (url) => `${await redisDurability(url)}, replicas: ${isDurable ? 1 : 0}`,
      };
    case "sqlite":
      throw new Error("SQLite has no replicas.");
  }
}
