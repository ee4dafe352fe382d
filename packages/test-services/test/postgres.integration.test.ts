import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { describe, expect, it } from "vitest";
import {
  FaultProxy,
  freshSchema,
  offered,
  sharedPostgres,
  startPostgres,
  type OwnServer,
} from "../src/index.ts";

const own = await offered(async () => await startPostgres());
await own?.[Symbol.asyncDispose]();

async function asking<T>(url: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end().catch(() => {});
  }
}

async function selectOne(url: string): Promise<unknown> {
  return await asking(url, async (client) => (await client.query("select 1 as one")).rows[0]);
}

async function postmasterOf(server: OwnServer): Promise<number> {
  const folder = await asking(server.url, async (client) => {
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    return rows[0]!.data_directory;
  });
  return Number(readFileSync(`${folder}/postmaster.pid`, "utf8").split("\n")[0]);
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

async function gone(pid: number): Promise<void> {
  for (let waited = 0; isAlive(pid) && waited < 10_000; waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(isAlive(pid), `process ${pid} was left`).toBe(false);
}

describe.skipIf(!own)("PostgreSQL", () => {
  it("is one server for all that ask, and hands out schemas that are dropped at the end", async () => {
    await using first = await sharedPostgres();
    await using second = await sharedPostgres();
    expect(second.url).toBe(first.url);
    const left = await (async () => {
      await using place = await freshSchema(first, "adk test");
      await asking(first.url, async (client) => {
        await client.query(`create schema ${pg.escapeIdentifier(place.schema)}`);
      });
      return place.schema;
    })();
    const found = await asking(first.url, async (client) => {
      const { rows } = await client.query("select to_regnamespace($1) as place", [left]);
      return (rows[0] as { place: unknown }).place;
    });
    expect(found).toBeNull();
  });

  it("keeps what was committed over a kill and a restart, and leaves nothing behind", async () => {
    const server = await startPostgres();
    await asking(server.url, async (client) => await client.query("create table t as select 7 x"));
    const pid = await postmasterOf(server);
    await server.kill();
    expect(isAlive(pid)).toBe(false);
    await expect(selectOne(server.url)).rejects.toThrow(/ECONNREFUSED/);
    await server.start();
    const rows = await asking(
      server.url,
      async (client) => (await client.query("select x from t")).rows,
    );
    expect(rows).toEqual([{ x: 7 }]);
    await server.stopAtOnce();
    await server.start();
    const again = await postmasterOf(server);
    await server[Symbol.asyncDispose]();
    await gone(again);
  });

  it("does not answer while it is frozen", async () => {
    await using server = await startPostgres();
    await server.freeze();
    await expect(selectOne(server.url)).rejects.toThrow(/timeout/i);
    await server.thaw();
    expect(await selectOne(server.url)).toEqual({ one: 1 });
  });

  it("ends with a user that was killed", async () => {
    const program = `
      import { startPostgres } from ${JSON.stringify(new URL("../src/index.ts", import.meta.url).href)};
      const server = await startPostgres();
      console.log(server.url);
      setInterval(() => {}, 1_000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { PATH: process.env["PATH"] },
    });
    const [url] = (await once(child.stdout, "data")) as [Buffer];
    const server = { url: url.toString().trim() } as OwnServer;
    const pid = await postmasterOf(server);
    expect(isAlive(pid)).toBe(true);
    child.kill("SIGKILL");
    await gone(pid);
    const folders = readdirSync("/dev/shm").filter((name) => name.startsWith("adk-test-server-"));
    expect(folders.length).toBeLessThan(20);
  });

  it("fails as the proxy says", async () => {
    await using server = await startPostgres();
    await using proxy = await FaultProxy.start({ to: server.url });
    const url = proxy.through(server.url);
    await asking(url, async (client) => await client.query("create table t (x int)"));
    const count = async (): Promise<unknown> =>
      await asking(
        server.url,
        async (client) => (await client.query("select count(*)::int n from t")).rows[0],
      );

    proxy.cutBefore(1, /insert into t/);
    const insert = async (): Promise<unknown> =>
      await asking(url, async (client) => await client.query("insert into t values (1)"));
    await expect(insert()).rejects.toThrow(/terminated|ended|reset/i);
    expect(await count()).toEqual({ n: 0 });

    proxy.cutAfter(1, /insert into t/);
    await expect(insert()).rejects.toThrow(/terminated|ended|reset/i);
    expect(await count()).toEqual({ n: 1 });
    expect(proxy.cuts).toBe(2);

    proxy.freeze();
    const late = insert();
    await new Promise((resolve) => setTimeout(resolve, 100));
    proxy.heal();
    await late;
    proxy.delay(30);
    const before = performance.now();
    await insert();
    expect(performance.now() - before).toBeGreaterThan(100);
    proxy.blackHole();
    await expect(selectOne(url)).rejects.toThrow(/timeout/i);
  });
});
