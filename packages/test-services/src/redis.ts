import { randomUUID } from "node:crypto";
import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { onPath, unpackDebian } from "./debian.ts";
import {
  shareServer,
  startServer,
  type OwnServer,
  type ServerSpec,
  type TestServer,
} from "./server.ts";

export interface StartRedisOptions {
  /** `appendonly`, `appendfsync`, `maxmemory` … */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly onDisk?: boolean | undefined;
}

const SHARED_LINGER_MS = 5_000;
/** Debian's `redis-server` is only a link: the binary is in `redis-tools`. */
const PACKAGES: readonly [string, ...string[]] = [
  "redis-tools",
  "libjemalloc2",
  "liblzf1",
  "libatomic1",
  "liblua5.1-0",
  "lua-bitop",
  "lua-cjson",
];

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
      await client.connect();
      try {
        for await (const keys of client.scanStream({ match: `*${keyPrefix}*`, count: 1_000 }))
          if ((keys as string[]).length > 0) await client.unlink(...(keys as string[]));
      } finally {
        client.disconnect();
      }
    },
  };
}

function redisSpec({ settings = {}, onDisk = false }: StartRedisOptions): ServerSpec {
  const { file, env } = binary();
  const all: Record<string, string> = {
    save: "",
    appendonly: "yes",
    "enable-debug-command": "local",
    ...settings,
  };
  return {
    prepare: [],
    command: [
      file,
      "--port",
      "{port}",
      "--bind",
      "127.0.0.1",
      "--dir",
      "{dir}",
      "--daemonize",
      "no",
      ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    ],
    env,
    readyLine: "Ready to accept connections",
    url: "redis://127.0.0.1:{port}",
    onDisk,
    lingerMs: SHARED_LINGER_MS,
  };
}

/** The path's `redis-server`, else Debian's. */
function binary(): { file: string; env: Record<string, string> } {
  const file = onPath("redis-server");
  if (file !== undefined) return { file, env: {} };
  const unpacked = unpackDebian(PACKAGES);
  if (!unpacked)
    throw new Error(
      "redis-server is not on the path, and Debian's package could not be fetched. Install Redis 7 or set ADK_TEST_REDIS_URL to a server: redis://host:6379.",
    );
  const { folder, libraries } = unpacked;
  // Debian's package `redis-server` holds a link alone; the binary of redis-tools is what it is called.
  const server = join(folder, "usr/bin/redis-server");
  if (!existsSync(server)) symlinkSync("redis-check-rdb", server);
  return { file: server, env: { LD_LIBRARY_PATH: libraries } };
}
