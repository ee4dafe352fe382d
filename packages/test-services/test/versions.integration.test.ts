import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { unpackDebian } from "../src/debian.ts";
import { onPath } from "../src/on-path.ts";
import { freshFolder, offered, startPgBouncer, startPostgres, startRedis } from "../src/index.ts";

/** `ADK_TEST_MATRIX=1`: servers that not every run must have. */
describe.skipIf(!process.env["ADK_TEST_MATRIX"])("versions", { timeout: 180_000 }, () => {
  it.for([
    ["6.2", "redis_version:6.2."],
    ["7.0", "redis_version:7.0."],
    ["8.0", "redis_version:8.0."],
    ["valkey-8.0", "valkey_version:8.0."],
  ] as const)("Redis %s is what it says", async ([version, says], { skip }) => {
    const server = await offered(async () => await startRedis({ version }));
    skip(!server);
    await using redis = server!;
    const client = new Redis(redis.url);
    const info = await client.info("server");
    client.disconnect();
    expect(info).toContain(says);
  });

  it.for([13, 14, 15, 16, 17, 18] as const)(
    "PostgreSQL %s is what it says",
    async (version, { skip }) => {
      const server = await offered(async () => await startPostgres({ version }));
      skip(!server);
      await using postgres = server!;
      expect(await serverVersion(postgres.url)).toMatch(new RegExp(`^${version}\\.`));
    },
  );

  it.for(["1.18", "1.24"] as const)(
    "PgBouncer %s is what it says, and passes statements on",
    async (version, { skip }) => {
      await using postgres = await startPostgres();
      const front = await offered(async () => await startPgBouncer(postgres, { version }));
      skip(!front);
      await using pooler = front!;
      expect(await serverVersion(pooler.url)).toMatch(/^18\./);
      const admin = new URL(pooler.url);
      admin.pathname = "/pgbouncer";
      const client = new pg.Client({ connectionString: admin.href });
      await client.connect();
      const { rows } = await client.query<{ version: string }>("show version");
      await client.end();
      expect(rows[0]?.version).toMatch(new RegExp(`^PgBouncer ${version}\\.`));
    },
  );

  it("packages are fetched where the machine's lists are empty, and the machine's stay empty", async ({
    skip,
  }) => {
    skip(onPath("apt-get") === undefined);
    await using folder = await freshFolder();
    const lists = join(folder.path, "lists");
    mkdirSync(lists);
    const config = join(folder.path, "apt.conf");
    writeFileSync(config, `Dir::State::lists "${lists}";\n`);
    vi.stubEnv("APT_CONFIG", config);
    vi.stubEnv("TMPDIR", folder.path);
    try {
      const unpacked = unpackDebian({ name: "lzf", packages: ["liblzf1", "no-such-library"] });
      expect(readdirSync(join(unpacked, "usr/lib"), { recursive: true }).join()).toMatch(
        /liblzf\.so/,
      );
      expect(readdirSync(unpacked)).toEqual(["usr"]);
      expect(readdirSync(lists).filter((name) => name.endsWith("Release"))).toEqual([]);
      expect(() => unpackDebian({ name: "none", packages: ["no-such-package"] })).toThrow(
        /no-such-package/,
      );
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

async function serverVersion(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>("show server_version");
  await client.end();
  return rows[0]?.server_version ?? "";
}
