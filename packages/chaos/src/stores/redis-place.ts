import { startRedis } from "@adk/test-services";
import { askRedis } from "./ask-redis.ts";
import { Opened } from "./opened.ts";
import type { ServerPlace } from "./place.ts";

export const KEY_PREFIX = "chaos:";

/** @param settings of the server, beside its defaults. */
export async function redisPlace(
  settings: Readonly<Record<string, string>> = {},
): Promise<ServerPlace> {
  const server = await startRedis({ settings });
  const address = { store: "redis", url: server.url, keyPrefix: KEY_PREFIX } as const;
  const opened = new Opened(address);
  return {
    address,
    server,
    open: opened.open,
    durability: async () => await redisDurability(server.url),
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

export async function redisDurability(url: string): Promise<string> {
  return await askRedis(url, async (client) => {
    const read = async (name: string): Promise<string> =>
      `${name}=${((await client.config("GET", name)) as string[])[1]}`;
    return `${await read("appendonly")}, ${await read("appendfsync")}`;
  });
}
