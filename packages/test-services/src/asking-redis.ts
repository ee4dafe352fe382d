import { Redis } from "ioredis";

const COMMAND_TIMEOUT_MS = 5_000;

/** One connection for as long as `ask` takes. It trusts whichever certificate, and tries nothing twice. */
export async function askingRedis<T>(url: string, ask: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: COMMAND_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    ...(url.startsWith("rediss:") && { tls: { rejectUnauthorized: false } }),
  });
  client.on("error", () => {});
  await client.connect();
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}
