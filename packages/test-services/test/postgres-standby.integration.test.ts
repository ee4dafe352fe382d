import pg from "pg";
import { describe, expect, it } from "vitest";
import { FaultProxy, offered, startPostgres, startPostgresStandby } from "../src/index.ts";

const own = await offered(async () => await startPostgres());
await own?.[Symbol.asyncDispose]();

async function rows(url: string, ...texts: readonly string[]): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, query_timeout: 5_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    let found: unknown[] = [];
    for (const text of texts) ({ rows: found } = await client.query(text));
    return found;
  } finally {
    await client.end();
  }
}

describe.skipIf(!own)("a standby of PostgreSQL", { timeout: 60_000 }, () => {
  it("has what a synchronous commit acknowledged, and takes writes once it is promoted", async () => {
    const primary = await startPostgres();
    await using _primary = primary;
    await rows(primary.url, "create table t as select 1 as x");
    await using standby = await startPostgresStandby(primary, { synchronous: true });
    await rows(primary.url, "insert into t values (2)");
    await primary.kill();
    await expect(rows(standby.url, "insert into t values (3)")).rejects.toMatchObject({
      code: "25006",
    });
    await standby.promote();
    await rows(standby.url, "insert into t values (3)");
    expect(await rows(standby.url, "select x from t order by x")).toEqual([
      { x: 1 },
      { x: 2 },
      { x: 3 },
    ]);
  });

  it("that is synchronous and frozen holds commits up; one that is not lacks what it did not get", async () => {
    const primary = await startPostgres();
    await using _primary = primary;
    await rows(primary.url, "create table t (x int)");
    await using proxy = await FaultProxy.start({ to: primary.port });
    await using standby = await startPostgresStandby(primary, { throughPort: proxy.port });
    proxy.freeze();
    await rows(primary.url, "insert into t values (1)");
    await rows(
      primary.url,
      "alter system set synchronous_standby_names = '*'",
      "select pg_reload_conf()",
    );
    await expect(rows(primary.url, "insert into t values (2)")).rejects.toThrow(/timeout/i);
    await primary.kill();
    await standby.promote();
    expect(await rows(standby.url, "select x from t")).toEqual([]);
  });
});
