import { randomUUID } from "node:crypto";
import { Redis } from "ioredis";
import { redisSpec, type StartRedisOptions } from "./redis-spec.ts";
import { shareServer, startServer, type OwnServer, type TestServer } from "./server.ts";

/** The server of `ADK_TEST_REDIS_URL`, else one that all tests of this moment share. */
export async function sharedRedis(): Promise<TestServer> {
  const url = process.env["ADK_TEST_REDIS_URL"];
  if (url !== undefined && url !== "")
    return { url, isGiven: true, [Symbol.asyncDispose]: async () => {} };
  return await shareServer("redis", redisSpec({}));
}

/** A server for one test: to be killed, frozen, filled up. */
export async function startRedis(options: StartRedisOptions = {}): Promise<OwnServer> {
  return await startServer("redis", redisSpec(options));
}

/** A key prefix that nobody else uses; its keys are removed at the end. */
export interface FreshKeyPrefix extends AsyncDisposable {
  readonly url: string;
  readonly keyPrefix: string;
}

export async function freshKeyPrefix(server: Pick<TestServer, "url">): Promise<FreshKeyPrefix> {
  const keyPrefix = `adk-test-${randomUUID().slice(0, 8)}:`;
  return {
    url: server.url,
    keyPrefix,
    async [Symbol.asyncDispose]() {
      const client = new Redis(server.url, { lazyConnect: true, maxRetriesPerRequest: 1 });
      client.on("error", () => {});
      try {
        await client.connect();
        for await (const keys of client.scanStream({ match: `*${keyPrefix}*`, count: 1_000 }))
          if ((keys as string[]).length > 0) await client.unlink(...(keys as string[]));
      } finally {
        client.disconnect();
      }
    },
  };
}
