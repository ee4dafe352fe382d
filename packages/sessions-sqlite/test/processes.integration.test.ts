import type { Snapshot } from "@adk/core";
import { chmodSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteSessionStore } from "../src/index.ts";
import { Child } from "./support/child.ts";
import { TempFolder } from "./support/temp-folder.ts";

const key = { appName: "app", userId: "user", sessionId: "session" };
const create = { ...key, incarnation: "life", initialState: {} };

let folder: TempFolder;
beforeEach(() => {
  folder = new TempFolder();
});
afterEach(() => folder[Symbol.dispose]());

/** What was measured, for the person who runs the tests. */
function tell(what: string): void {
  process.stdout.write(`${what}\n`);
}

/** Everything as a process that comes later finds it. */
async function found(): Promise<Snapshot> {
  await using store = new SqliteSessionStore({ path: folder.file() });
  const snapshot = await store.read({ ...key, events: {}, state: true });
  if (!snapshot) throw new Error("The session is gone.");
  return snapshot;
}

/** Checks the log against what was acknowledged. @returns how many events nobody was told of. */
function checkLog({ header, events, state }: Snapshot, acknowledged: readonly string[]): number {
  const ids = events.map(({ id }) => id);
  expect(new Set(ids).size, "duplicated").toBe(ids.length);
  expect(events.map(({ sequence }) => sequence)).toEqual(ids.map((_id, index) => index + 1));
  expect(header.lastSequence).toBe(ids.length);
  const at = new Map(events.map(({ id, sequence }) => [id, sequence]));
  const wrong = acknowledged.filter((line) => {
    const [id = "", sequence] = line.split(" ");
    return at.get(id) !== Number(sequence);
  });
  expect(wrong, "lost, or elsewhere than acknowledged").toEqual([]);
  for (const { id, data } of events) expect(data).toBe(`${id}:`.padEnd(1_000, "x"));
  const last: Record<string, string> = {};
  for (const id of ids) {
    const [name = "", n = ""] = id.split("-");
    expect(Number(n), "out of order").toBe(Number(last[name] ?? 0) + 1);
    last[name] = n;
  }
  for (const scope of ["app", "user", "session"] as const)
    expect({ ...state?.[scope] }, scope).toEqual(last);
  return ids.length - acknowledged.length;
}

describe("many processes", { timeout: 120_000 }, () => {
  it("write one session: nothing is lost, doubled or out of order", async () => {
    const writers = Array.from(
      { length: 4 },
      (_x, n) => new Child("writer", [folder.file(), `w${n}`, "50"]),
    );
    for (const writer of writers) expect(await writer.ended).toBe("");
    const acknowledged = writers.flatMap(({ lines }) => lines.slice(1));
    expect(acknowledged).toHaveLength(200);
    expect(checkLog(await found(), acknowledged)).toBe(0);
  });

  it("make the file at the same time", async () => {
    const children = Array.from(
      { length: 6 },
      (_x, n) => new Child("writer", [folder.file(), `w${n}`, "1"]),
    );
    for (const child of children) expect(await child.ended).toBe("");
    expect((await found()).header.lastSequence).toBe(6);
  });

  it("killed 24 times while they write: 0 lost, 0 duplicated, order and state exact", async () => {
    const acknowledged: string[] = [];
    let kills = 0;
    for (let round = 0; round < 12; round++) {
      const pair = ["a", "b"].map((name) => new Child("writer", [folder.file(), name]));
      for (const [index, child] of pair.entries()) {
        // At a different place of its work each time.
        await child.printed(3 + ((round * 7 + index * 3) % 11));
        child.kill();
        kills++;
      }
      for (const child of pair) {
        await child.ended;
        acknowledged.push(...child.lines.filter((line) => line !== "ready"));
      }
    }
    expect(kills).toBe(24);
    const unknown = checkLog(await found(), acknowledged);
    expect(unknown).toBeLessThanOrEqual(kills);
    tell(
      `SIGKILL: ${kills} kills, ${acknowledged.length} acknowledged, ${unknown} unknown and stored, 0 lost, 0 duplicated`,
    );
  });
});

describe("a watcher", { timeout: 60_000 }, () => {
  it("is told what another process appends, and finds each event once and in order", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    const stop = new AbortController();
    const wakes = store.watch(stop.signal);
    const first = wakes.next();
    await using writer = new Child("writer", [folder.file(), "w", "40"]);
    const ids: string[] = [];
    for (let wake = await first; !wake.done; wake = await wakes.next()) {
      expect(wake.value.incarnation).toBe("life");
      const snapshot = await store.read({ ...key, events: { from: ids.length + 1 } });
      ids.push(...(snapshot?.events.map(({ id }) => id) ?? []));
      if (ids.length === 40) stop.abort();
    }
    expect(ids).toEqual(Array.from({ length: 40 }, (_x, n) => `w-${n + 1}`));
    expect(await writer.ended).toBe("");
  });
});

describe("a lock that another process holds", { timeout: 60_000 }, () => {
  it("for longer than lockTimeoutMs is a TIMEOUT, a cancelled caller does not wait for it", async () => {
    await using store = new SqliteSessionStore({ path: folder.file(), lockTimeoutMs: 300 });
    await store.create(create);
    await using holder = new Child("lock-holder", [folder.file(), "60000"]);
    await holder.printed(1);
    const append = { ...key, incarnation: "life", timestamp: 0, data: "d" };
    const abort = new AbortController();
    const cancelled = store.append({ ...append, id: "cancelled" }, abort.signal);
    const late = store.append({ ...append, id: "late" });
    abort.abort(new Error("no longer wanted"));
    await expect(cancelled).rejects.toMatchObject({
      code: "ABORTED",
      details: { committed: false },
    });
    await expect(late).rejects.toMatchObject({
      code: "TIMEOUT",
      retryable: true,
      details: { committed: false, reason: "locked" },
    });
    holder.kill();
    await holder.ended;
    expect(await store.append({ ...append, id: "later" })).toMatchObject({ sequence: 1 });
  });
});

/** A disk of memory tells locks from syncs: the event loop does wait for the disk, as long as the disk takes. */
const disks = [
  { disk: "a disk of memory", parent: "/dev/shm", limitMs: 50 },
  { disk: "the disk", parent: undefined, limitMs: Infinity },
];

describe.each(disks)(
  "the event loop, on $disk",
  { timeout: 120_000 },
  ({ disk, parent, limitMs }) => {
    const flags = ["--single-threaded"];

    it("does not wait for a lock that another process holds for 2 s; nor do reads", async () => {
      using place = new TempFolder(parent);
      await using writer = new Child("watched-writer", [place.file(), "me", "burst"], { flags });
      await writer.printed(1);
      await using holder = new Child("lock-holder", [place.file(), "2000"]);
      await holder.printed(1);
      writer.tell("go");
      await writer.printed(2);
      const told = JSON.parse(writer.lines[1] ?? "") as Told;
      tell(
        `${disk}, a lock of 2 s: ${told.ownMs} ms, with waits for a processor ${told.wallMs} ms`,
      );
      expect(told.count).toBe(20);
      expect(told.waitedMs).toBeGreaterThan(1_000);
      expect(told.readMs).toBeLessThan(1_000);
      expect(told.ownMs).toBeLessThanOrEqual(limitMs);
    });

    it("does not stall in any of 8 processes that write all the time", async () => {
      using place = new TempFolder(parent);
      await using writer = new Child("watched-writer", [place.file(), "me", "3000"], { flags });
      await writer.printed(1);
      const others = Array.from(
        { length: 7 },
        (_x, n) => new Child("writer", [place.file(), `w${n}`]),
      );
      try {
        await Promise.all(others.map(async (other) => await other.printed(1)));
        writer.tell("go");
        await writer.printed(2);
        const told = JSON.parse(writer.lines[1] ?? "") as Told;
        tell(
          `${disk}, 8 writers: ${told.ownMs} ms, with waits for a processor ${told.wallMs} ms, ${told.count} appends`,
        );
        expect(told.count).toBeGreaterThan(0);
        expect(told.ownMs).toBeLessThanOrEqual(limitMs);
      } finally {
        for (const other of others) await other[Symbol.asyncDispose]();
      }
    });
  },
);

/** What `children/watched-writer.ts` says. */
interface Told {
  readonly ownMs: number;
  readonly wallMs: number;
  readonly count: number;
  readonly readMs: number;
  readonly waitedMs: number;
}

describe.runIf(process.getuid?.() === 0)("a file that may not be written", () => {
  it("is PERMISSION_DENIED", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    chmodSync(folder.path, 0o755);
    chmodSync(folder.file(), 0o644);
    await using child = new Child("writer", [folder.file(), "w", "1"], { uid: 65_534 });
    expect(await child.ended).toContain("PERMISSION_DENIED");
  });
});
