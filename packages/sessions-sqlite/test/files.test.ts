import { AdkError, createEvent, type AppendCommand } from "@adk/core";
import { VirtualClock } from "@adk/core/testing";
import {
  chmodSync,
  existsSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Connection } from "../src/connection.ts";
import { SqliteSessionService, SqliteSessionStore } from "../src/index.ts";
import { TempFolder } from "./support/temp-folder.ts";

const key = { appName: "a", userId: "u", sessionId: "s" };
const create = { ...key, incarnation: "i", initialState: {} };
const event: AppendCommand = { ...key, incarnation: "i", id: "e", timestamp: 1, data: "d" };
const V1 = new URL("fixtures/schema-1000.sql", import.meta.url);

let folder: TempFolder;
beforeEach(() => {
  folder = new TempFolder();
});
afterEach(() => folder[Symbol.dispose]());

/** Something done to the file by another program. */
function byHand(sql: string, path = folder.file()): unknown[] {
  const database = new DatabaseSync(path);
  try {
    if (/^(PRAGMA \w+$|SELECT)/.test(sql)) return database.prepare(sql).all();
    database.exec(sql);
    return [];
  } finally {
    database.close();
  }
}

describe("the file", () => {
  it("and its companions are for their owner only, and the folder is made", async () => {
    const path = folder.file("made/here/sessions.db");
    await using store = new SqliteSessionStore({ path });
    await store.create(create);
    for (const suffix of ["", "-wal", "-shm"])
      expect((statSync(path + suffix).mode & 0o777).toString(8), suffix).toBe("600");
    expect(await store.check()).toEqual({ problems: [] });
  });

  it("has nothing left of what was erased, its log included", async () => {
    const path = folder.file();
    await using service = await SqliteSessionService.connect({ path });
    const SECRETS = ["first-words-of-ada", "state-of-ada", "user-state-of-ada"];
    const left = (): string[] => {
      const files = [path, `${path}-wal`].map((file) => readFileSync(file, "latin1")).join("");
      return SECRETS.filter((secret) => files.includes(secret));
    };
    const ada = { appName: "a", userId: "ada" };
    for (const sessionId of ["one", "two"]) {
      const session = await service.createSession({ ...ada, sessionId });
      for (let turn = 0; turn < 40; turn++)
        await service.appendEvent({
          session,
          event: createEvent({
            author: "user",
            content: { parts: [{ text: `${SECRETS[0]} ${turn} ${"x".repeat(2_000)}` }] },
            actions: { stateDelta: { note: `${SECRETS[1]} ${turn}`, "user:note": SECRETS[2]! } },
          }),
        });
    }
    expect(left()).toEqual(SECRETS);
    await service.deleteUser(ada);
    expect(left()).toEqual([]);
  });

  it.runIf(existsSync("/proc/self"))("that cannot be made says so at once", async () => {
    await expect(
      SqliteSessionService.connect({ path: "/proc/nothing/sessions.db" }),
    ).rejects.toMatchObject({ code: "MISCONFIGURED" });
  });

  it("is in WAL mode, and every commit is synced", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.connect();
    expect(byHand("PRAGMA journal_mode")).toEqual([{ journal_mode: "wal" }]);
    expect((await store.check()).problems).toEqual([]);
  });

  it("goes on after it was closed", async () => {
    {
      await using store = new SqliteSessionStore({ path: folder.file() });
      await store.create(create);
      await store.append({ ...event, delta: { app: { set: { k: "1" }, remove: [] } } });
    }
    expect(existsSync(`${folder.file()}-wal`)).toBe(false);
    await using store = new SqliteSessionStore({ path: folder.file() });
    const snapshot = await store.read({ ...key, events: {}, state: true });
    expect(snapshot?.events).toEqual([{ sequence: 1, id: "e", data: "d" }]);
    expect({ ...snapshot?.state?.app }).toEqual({ k: "1" });
  });

  it("is told about by check() when it is open to others or gone", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    chmodSync(folder.file(), 0o644);
    expect((await store.check()).problems).toMatchObject([{ code: "FILE_MODE" }]);
    const other = folder.file("other.db");
    await using lost = new SqliteSessionStore({ path: other });
    await lost.create(create);
    folder[Symbol.dispose]();
    expect((await lost.check()).problems).toMatchObject([{ code: "FILE_GONE" }]);
  });
});

describe("a file that cannot be used", () => {
  it("no database: MISCONFIGURED, and it stays as it is", async () => {
    writeFileSync(
      folder.file(),
      "Dear diary, today I wrote a text of more than a page. ".repeat(99),
    );
    const before = readFileSync(folder.file());
    await expect(new SqliteSessionStore({ path: folder.file() }).connect()).rejects.toMatchObject({
      code: "MISCONFIGURED",
      details: { reason: "not-a-database", committed: false },
    });
    expect(readFileSync(folder.file()).equals(before)).toBe(true);
  });

  it("another program's database: MISCONFIGURED, and it stays as it is", async () => {
    byHand("CREATE TABLE notes (text TEXT)");
    const before = readFileSync(folder.file());
    await expect(new SqliteSessionStore({ path: folder.file() }).connect()).rejects.toMatchObject({
      code: "MISCONFIGURED",
      details: { reason: "foreign", committed: false },
    });
    expect(readFileSync(folder.file()).equals(before)).toBe(true);
  });

  it("a folder, or a file below a file: MISCONFIGURED", async () => {
    writeFileSync(folder.file("text"), "");
    for (const path of [folder.path, folder.file("text/sessions.db")])
      await expect(new SqliteSessionStore({ path }).connect()).rejects.toMatchObject({
        code: "MISCONFIGURED",
        details: { reason: "path" },
      });
  });

  it("damaged: STORE_CORRUPT", async () => {
    {
      await using store = new SqliteSessionStore({ path: folder.file() });
      await store.create(create);
      for (let n = 0; n < 200; n++)
        await store.append({ ...event, id: `${n}`, data: "x".repeat(1_000) });
    }
    truncateSync(folder.file(), statSync(folder.file()).size - 40_960);
    await using store = new SqliteSessionStore({ path: folder.file() });
    const error = await store.read({ ...key, events: {} }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "STORE_CORRUPT", retryable: false });
  });

  it("whose tables somebody changed: SCHEMA_MISMATCH", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    byHand("DROP TABLE adk_event");
    await expect(store.append(event)).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      details: { committed: false },
    });
  });
});

describe("a disk that is full", () => {
  it("is STORE_FULL, nothing is half-written, and it heals", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    // The limit belongs to the connection, and there is no other way to it.
    const prepare = DatabaseSync.prototype.prepare;
    const connections = new Set<DatabaseSync>();
    DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
      connections.add(this);
      return prepare.call(this, sql);
    };
    await store.list({ appName: "a", pageSize: 1, labels: { x: "y" } });
    DatabaseSync.prototype.prepare = prepare;
    const [connection] = connections;
    const limit = (pages: number): void => {
      connection?.exec(`PRAGMA max_page_count = ${pages}`);
    };
    limit(1);
    const big = { ...event, data: "x".repeat(200_000) };
    const delta = { session: { set: { k: "1" }, remove: [] } };
    await expect(store.append({ ...big, delta })).rejects.toMatchObject({
      code: "STORE_FULL",
      details: { committed: false, reason: "disk-full" },
    });
    const others = await Promise.allSettled([
      store.append({ ...event, id: "small" }),
      store.append({ ...big, id: "big" }),
      store.update({ ...key, title: "t" }),
    ]);
    expect(others.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    limit(1_000_000);
    expect(await store.append({ ...big, delta })).toMatchObject({ status: "ok", sequence: 2 });
    const snapshot = await store.read({ ...key, events: {}, state: true });
    expect(snapshot?.events.map(({ id }) => id)).toEqual(["small", "e"]);
    expect(snapshot?.header.title).toBe("t");
  });
});

describe("the schema", () => {
  it("is the one that was shipped", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.connect();
    const rows = byHand(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%' ORDER BY name",
    );
    const text = rows.map((row) => `${(row as { sql: string }).sql};\n`).join("");
    const shipped = readFileSync(V1, "utf8");
    for (const statement of text.split(";\n").filter(Boolean))
      expect(shipped).toContain(`${statement};`);
  });

  it("of version 1000 with its sessions is read, and written on", async () => {
    byHand(readFileSync(V1, "utf8"));
    await using service = await SqliteSessionService.connect({ path: folder.file() });
    const session = await service.getSession(key);
    expect(session).toMatchObject({
      title: "A title",
      labels: { team: "blue" },
      lastSequence: 2,
      state: { "app:a": 1, "user:b": [2], c: "three" },
      events: [
        { id: "e-1", author: "user", content: { parts: [{ text: "hello" }] }, unknownMember: 7 },
        { id: "e-2", author: "clerk" },
      ],
    });
    if (session) await service.appendEvent({ session, event: createEvent({ author: "user" }) });
    expect(session?.lastSequence).toBe(3);
    // What this version does not know of an event it keeps, in copies too.
    const fork = await service.forkSession({ ...key, newSessionId: "fork", atSequence: 2 });
    expect(fork.events[0]).toMatchObject({ id: "e-1", unknownMember: 7 });
  });

  it("of version 1000 is read and written by verify, which writes no schema", async () => {
    byHand(readFileSync(V1, "utf8"));
    const schema = (): unknown =>
      byHand("SELECT type, name, sql, (SELECT max(version) FROM adk_migration) FROM sqlite_schema");
    const before = schema();
    await using store = new SqliteSessionStore({ path: folder.file(), migrations: "verify" });
    const command = { ...event, incarnation: "incarnation-1" };
    expect(await store.append(command)).toMatchObject({ status: "ok", sequence: 3 });
    expect(schema()).toEqual(before);
  });

  it("that is older than what is needed is refused by verify, and stays as it is", async () => {
    byHand(readFileSync(V1, "utf8"));
    byHand("PRAGMA user_version = 999");
    const before = readFileSync(folder.file());
    await using store = new SqliteSessionStore({ path: folder.file(), migrations: "verify" });
    for (const call of [() => store.read(key), () => store.append(event)])
      await expect(call()).rejects.toMatchObject({
        code: "SCHEMA_MISMATCH",
        details: { reason: "older", found: 999, known: 1000, committed: false },
      });
    expect(readFileSync(folder.file()).equals(before)).toBe(true);
  });

  it("is made once by many at the same time", async () => {
    const stores = Array.from({ length: 8 }, () => new SqliteSessionStore({ path: folder.file() }));
    await Promise.all(stores.map((store) => store.migrate()));
    expect(byHand("SELECT version FROM adk_migration")).toEqual([{ version: 1000 }]);
    for (const store of stores) await store[Symbol.asyncDispose]();
  });

  it("is not taken for another program's while another process makes it", async () => {
    writeFileSync(folder.file(), "", { mode: 0o600 });
    const pragma = Connection.prototype.pragma;
    let isMade = false;
    using _spy = vi.spyOn(Connection.prototype, "pragma").mockImplementation(function (
      this: Connection,
      name,
    ) {
      const value = pragma.call(this, name);
      if (name === "application_id" && !isMade) {
        isMade = true;
        // Where the reader holds no lock, all of it appears between two reads.
        try {
          byHand(readFileSync(V1, "utf8"));
        } catch (error) {
          expect(error).toMatchObject({ errcode: 5 });
        }
      }
      return value;
    });
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.connect();
    expect(isMade).toBe(true);
    expect((await store.check()).problems).toEqual([]);
  });

  it("with additions of a newer version works", async () => {
    await new SqliteSessionStore({ path: folder.file() }).connect();
    byHand(
      "ALTER TABLE adk_session ADD COLUMN mood TEXT; CREATE TABLE adk_more (x TEXT); PRAGMA user_version = 1007",
    );
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    expect(await store.append(event)).toMatchObject({ status: "ok" });
    await store.migrate();
    expect(byHand("PRAGMA user_version")).toEqual([{ user_version: 1007 }]);
  });

  it.each(["auto", "verify"] as const)(
    "of a newer major version is refused before anything is written (%s)",
    async (migrations) => {
      {
        await using store = new SqliteSessionStore({ path: folder.file() });
        await store.create(create);
      }
      byHand("PRAGMA journal_mode = delete; PRAGMA user_version = 2000");
      const before = readFileSync(folder.file());
      await using store = new SqliteSessionStore({ path: folder.file(), migrations });
      for (const call of [
        () => store.connect(),
        () => store.append(event),
        () => store.read(key),
        () => store.migrate(),
      ])
        await expect(call()).rejects.toMatchObject({
          code: "SCHEMA_MISMATCH",
          details: { reason: "newer", found: 2000 },
        });
      expect(readFileSync(folder.file()).equals(before)).toBe(true);
    },
  );

  it("is not made by verify, which writes nothing", async () => {
    const path = folder.file();
    await using store = new SqliteSessionStore({ path, migrations: "verify" });
    await expect(store.append(event)).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      details: { reason: "older", found: 0 },
    });
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, "");
    await expect(store.connect()).rejects.toMatchObject({ code: "SCHEMA_MISMATCH" });
    expect(statSync(path).size).toBe(0);
    await store.migrate();
    await store.create(create);
    expect(await store.append(event)).toMatchObject({ status: "ok" });
    await using other = new SqliteSessionStore({ path, migrations: "verify" });
    expect((await other.read(key))?.header.lastSequence).toBe(1);
  });
});

describe("backup", () => {
  it("is a whole copy, while others write", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    for (let n = 1; n <= 500; n++)
      await store.append({ ...event, id: `${n}`, data: "x".repeat(2_000) });
    let isOver = false;
    const backup = store.backup(folder.file("copy.db")).finally(() => {
      isOver = true;
    });
    let n = 500;
    while (!isOver) await store.append({ ...event, id: `${++n}` });
    await backup;
    expect(n).toBeGreaterThan(500);
    expect((statSync(folder.file("copy.db")).mode & 0o777).toString(8)).toBe("600");
    await using copy = new SqliteSessionStore({ path: folder.file("copy.db") });
    const snapshot = await copy.read({ ...key, events: {} });
    const sequences = snapshot?.events.map(({ sequence }) => sequence) ?? [];
    expect(sequences.length).toBeGreaterThanOrEqual(500);
    expect(sequences).toEqual(sequences.map((_sequence, index) => index + 1));
    expect(snapshot?.header.lastSequence).toBe(sequences.length);
    await expect(store.backup(folder.file("copy.db"))).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    await expect(store.backup(folder.file("no/such/copy.db"))).rejects.toMatchObject({
      code: "MISCONFIGURED",
    });
  });

  it("is not for memory", async () => {
    await using service = new SqliteSessionService({ path: ":memory:" });
    await expect(service.backup("x")).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });
});

describe("what was deleted", () => {
  it("leaves nothing in the file, however large it was", async () => {
    const clock = new VirtualClock();
    await using store = new SqliteSessionStore({ path: folder.file(), ttlMs: 1_000, clock });
    const set = Object.fromEntries(Array.from({ length: 1_200 }, (_x, n) => [`k${n}`, "1"]));
    const left = (): unknown =>
      byHand(
        "SELECT (SELECT count(*) FROM adk_session) + (SELECT count(*) FROM adk_event) + (SELECT count(*) FROM adk_state) + (SELECT count(*) FROM adk_session_doc) + (SELECT count(*) FROM adk_label) + (SELECT count(*) FROM adk_garbage) AS n",
      );
    const fill = async (): Promise<void> => {
      for (let s = 0; s < 3; s++) {
        const session = { sessionId: `s${s}`, incarnation: `${clock.now()}-${s}` };
        await store.create({ ...create, ...session, labels: { a: "b" } });
        const delta = { session: { set, remove: [] } };
        const appends = Array.from({ length: 600 }, async (_x, n) => {
          return await store.append({
            ...event,
            ...session,
            id: `${n}`,
            ...(n === 0 && { delta }),
          });
        });
        await Promise.all(appends);
      }
    };
    await fill();
    await store.erase({ appName: "a", userId: "u" });
    expect(left()).toEqual([{ n: 0 }]);
    await fill();
    await clock.advance(2_000);
    expect(await store.purge({ limit: 2 })).toBe(2);
    expect(await store.purge({ limit: 9, appName: "b" })).toBe(0);
    expect(await store.purge({ limit: 9, appName: "a" })).toBe(1);
    expect(left()).toEqual([{ n: 0 }]);
  });
});

describe("options", () => {
  it.each([
    [undefined, /options/],
    [{}, /path/],
    [{ path: "" }, /path/],
    [{ path: "x", migrations: "never" }, /migrations/],
    [{ path: "x", ttlMs: 0 }, /ttlMs/],
    [{ path: "x", lockTimeoutMs: 1.5 }, /lockTimeoutMs/],
    [{ path: "x", clock: Date }, /clock/],
    [{ path: "x", file: "y" }, /no option `file`.*path/],
  ])("%j is refused", (options, words) => {
    const make = (): unknown => new SqliteSessionStore(options as never);
    expect(make).toThrow(words);
    expect(make).toThrow(AdkError);
    expect(() => new SqliteSessionService(options as never)).toThrow(words);
  });

  it("are no path and no URI: what takes one is named, and it is not repeated", async () => {
    for (const text of ["hunter2.db", "sqlite:hunter2.db"]) {
      const error: unknown = await SqliteSessionService.connect(text as never).catch((e) => e);
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(String(error)).toMatch(
        /`await SqliteSessionService.connect\(\{ path \}\)`; with a URI: `await createSessionService\(uri\)`/,
      );
      expect(String(error)).not.toContain("hunter2");
    }
  });

  it("of the service are its store's and every service's: one that is misspelt gets all their names", async () => {
    await expect(
      SqliteSessionService.connect({ path: "x", maxTry: 1 } as never),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message:
        "SqliteSessionService has no option `maxTry`. It knows: clock, lockTimeoutMs, maxCachedEvents, maxEventBytes, maxTries, migrations, newId, path, pollMs, ttlMs, watchIntervalMs.",
    });
    expect(() => new SqliteSessionService({ path: "x", maxTries: 0 })).toThrow(
      /SqliteSessionService: `maxTries` must be/,
    );
  });
});
