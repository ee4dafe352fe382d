import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import {
  FaultProxy,
  freshFolder,
  freshKeyPrefix,
  offered,
  sharedRedis,
  startRedis,
  startRedisReplica,
} from "../src/index.ts";

const own = await offered(async () => await startRedis());
await own?.[Symbol.asyncDispose]();

async function asking<T>(
  url: string,
  ask: (client: Redis) => Promise<T>,
  tls?: { readonly ca: Buffer },
): Promise<T> {
  const client = new Redis(url, {
    maxRetriesPerRequest: 1,
    retryStrategy: () => null,
    ...(tls && { tls }),
  });
  client.on("error", () => {});
  try {
    return await ask(client);
  } finally {
    client.disconnect();
  }
}

describe.skipIf(!own)("Redis", () => {
  it("hands out key prefixes whose keys are removed at the end", async () => {
    await using server = await sharedRedis();
    const prefix = await freshKeyPrefix(server);
    await asking(server.url, async (client) => {
      await client.set(`${prefix.keyPrefix}a`, "1");
      await client.set(`{tag}:${prefix.keyPrefix}b`, "1");
    });
    await prefix[Symbol.asyncDispose]();
    const left = await asking(
      server.url,
      async (client) => await client.keys(`*${prefix.keyPrefix}*`),
    );
    expect(left).toEqual([]);
  });

  it("keeps what was acknowledged over a kill and a restart", async () => {
    await using server = await startRedis({ settings: { appendfsync: "always" } });
    await asking(server.url, async (client) => await client.set("k", "v"));
    await server.kill();
    await expect(asking(server.url, async (client) => await client.ping())).rejects.toThrow(
      /closed|ECONNREFUSED|max retries/i,
    );
    await server.start();
    expect(await asking(server.url, async (client) => await client.get("k"))).toBe("v");
  });

  it("has a replica that lacks what a frozen line held back, and may be promoted", async () => {
    await using primary = await startRedis();
    await asking(primary.url, async (client) => await client.set("k", "before"));
    await using proxy = await FaultProxy.start({ to: primary.port });
    await using replica = await startRedisReplica(primary, { throughPort: proxy.port });
    expect(await asking(replica.url, async (client) => await client.get("k"))).toBe("before");
    await asking(primary.url, async (client) => {
      proxy.freeze();
      await client.set("k", "after");
      expect(await client.wait(1, 200)).toBe(0);
    });
    await primary.kill();
    await asking(replica.url, async (client) => {
      await client.replicaof("NO", "ONE");
      expect(await client.get("k")).toBe("before");
      expect(await client.set("k", "here")).toBe("OK");
    });
  });

  it("takes users with rules, and a password that stands in the URL", async () => {
    await using server = await startRedis({
      settings: { requirepass: "pass word" },
      users: ["app on >secret ~adk:* +@write +@connection +info", "reader on nopass ~* +get"],
    });
    expect(await asking(server.url, async (client) => await client.set("other", "1"))).toBe("OK");
    const as = (user: string): string => `redis://${user}@127.0.0.1:${server.port}`;
    await asking(as("app:secret"), async (client) => {
      expect(await client.set("adk:k", "1")).toBe("OK");
      await expect(client.set("other", "2")).rejects.toThrow(/NOPERM/);
      await expect(client.config("GET", "port")).rejects.toThrow(/NOPERM/);
    });
    await expect(
      asking(`redis://127.0.0.1:${server.port}`, async (client) => await client.ping()),
    ).rejects.toThrow(/NOAUTH/);
  });

  it("speaks TLS only, with the certificate that it is given", async () => {
    await using folder = await freshFolder();
    const file = (name: string): string => join(folder.path, name);
    const subject = ["-subj", "/CN=localhost", "-days", "2"];
    const files = ["-keyout", file("server.key"), "-out", file("server.crt")];
    const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...subject, ...files];
    const { status } = spawnSync("openssl", words);
    expect(status, "openssl is needed for the test of TLS").toBe(0);
    await using server = await startRedis({
      tls: {
        certFile: file("server.crt"),
        keyFile: file("server.key"),
        caFile: file("server.crt"),
      },
    });
    expect(server.url).toMatch(/^rediss:/);
    const url = server.url.replace("127.0.0.1", "localhost");
    const ca = readFileSync(file("server.crt"));
    const ping = async (client: Redis): Promise<string> => await client.ping();
    expect(await asking(url, ping, { ca })).toBe("PONG");
    await expect(asking(url, ping)).rejects.toThrow(/self-signed|closed/i);
    await expect(asking(url.replace("rediss:", "redis:"), ping)).rejects.toThrow(
      /closed|ECONNRESET/i,
    );
  });
});
