import { Redis } from "ioredis";

/** What an administrator asks, over a connection of its own. */
export async function askRedis<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
  });
  client.on("error", () => {});
  await client.connect();
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}
