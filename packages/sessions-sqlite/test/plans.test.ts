import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { SqliteSessionStore } from "../src/index.ts";
import { TempFolder } from "./support/temp-folder.ts";

const key = { appName: "a", userId: "u", sessionId: "s" };
const event = { ...key, incarnation: "i", timestamp: 0, data: "d" };
const delta = {
  session: { set: { a: "1" }, remove: ["b"] },
  app: { set: { a: "1" }, remove: ["b"] },
};

it("no statement's cost grows with what it is not about", async () => {
  using folder = new TempFolder();
  const path = folder.file();
  const statements = new Set<string>();
  const prepare = DatabaseSync.prototype.prepare;
  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
    statements.add(sql);
    return prepare.call(this, sql);
  };
  try {
    await using store = new SqliteSessionStore({ path, ttlMs: 1_000_000 });
    await store.create({ ...key, incarnation: "i", initialState: {}, labels: { x: "y" } });
    await store.append({ ...event, id: "1", delta });
    await store.open({ ...key, op: "acquire", leaseId: "l", owner: "o", ttlMs: 9_999 });
    const header = { invocationId: "e", pendingCalls: "p", windowFrom: 1, kept: "k" };
    await store.append({ ...event, id: "2", lease: { leaseId: "l", ttlMs: 9_999, header } });
    await store.read({ ...key, events: {}, state: true, initialState: true, kept: true });
    for (const filter of [
      {},
      { userId: "u" },
      { pending: true as const },
      { userId: "u", pending: true as const },
      { interrupted: true as const },
      { userId: "u", orderBy: "lastUpdateTime" as const },
      { labels: { x: "y" } },
    ])
      await store.list({ appName: "a", pageSize: 2, ...filter });
    await store.update({ ...key, cancel: "e" });
    await store.update({ ...key, labels: { z: "1" }, title: "t" });
    await store.lease({ ...key, op: "release", leaseId: "l", ended: "e" });
    const fork = { sessionId: "s", incarnation: "i", atSequence: 1, state: {}, header: {} };
    await store.create({ ...key, sessionId: "f", incarnation: "j", initialState: {}, fork });
    await store.purge({ limit: 3 });
    await store.erase({ ...key, sessionId: "f", incarnation: "j" });
    await store.erase({ appName: "a", userId: "u" });
  } finally {
    DatabaseSync.prototype.prepare = prepare;
  }
  const database = new DatabaseSync(path);
  const scans = [...statements]
    .filter((sql) => !/^\s*(BEGIN|COMMIT|PRAGMA)/.test(sql))
    .flatMap((sql) => database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all())
    .map((row) => String(row["detail"]))
    .filter((detail) => /SCAN|TEMP B-TREE/.test(detail));
  database.close();
  expect(statements.size).toBeGreaterThan(40);
  expect(scans.toSorted()).toEqual([
    "SCAN adk_garbage", // its first row
    "SCAN sqlite_schema", // once, when the file is opened
    "USE TEMP B-TREE FOR ORDER BY", // one user's sessions by last update: an index would cost each append
  ]);
});
