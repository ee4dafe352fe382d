import type { Snapshot } from "@adk/core";
import { chmodSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SqliteSessionStore } from "../src/index.ts";
import { Child } from "./support/child.ts";
import { Stalls } from "./support/stalls.ts";
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
  it("for 2 s: writes wait for it, reads do not, and the event loop never", async () => {
    await using store = new SqliteSessionStore({ path: folder.file() });
    await store.create(create);
    await using holder = new Child("lock-holder", [folder.file(), "2000"]);
    await holder.printed(1);
    using stalls = new Stalls();
    const startedAt = performance.now();
    const append = { ...key, incarnation: "life", timestamp: 0, data: "d" };
    const appends = Array.from({ length: 20 }, (_x, n) => store.append({ ...append, id: `${n}` }));
    expect((await store.read(key))?.header.lastSequence).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    const outcomes = await Promise.all(appends);
    expect(performance.now() - startedAt).toBeGreaterThan(1_000);
    expect(outcomes.map((outcome) => outcome.status === "ok" && outcome.sequence)).toEqual(
      Array.from({ length: 20 }, (_x, n) => n + 1),
    );
    const { longestMs, noiseMs } = await stalls.stop();
    tell(`lock of 2 s: longest stall ${longestMs} ms (an idle process beside: ${noiseMs} ms)`);
    expect(longestMs).toBeLessThan(50 + noiseMs);
  });

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

describe("8 processes that write all the time", { timeout: 120_000 }, () => {
  it("do not stall the event loop of any", async () => {
    const writers = Array.from(
      { length: 7 },
      (_x, n) => new Child("writer", [folder.file(), `w${n}`]),
    );
    try {
      await Promise.all(writers.map(async (writer) => await writer.printed(1)));
      await using store = new SqliteSessionStore({ path: folder.file(), lockTimeoutMs: 30_000 });
      using stalls = new Stalls();
      const end = performance.now() + 4_000;
      let count = 0;
      while (performance.now() < end) {
        const append = { ...key, incarnation: "life", timestamp: 0, data: "x".repeat(1_000) };
        const outcome = await store.append({ ...append, id: `me-${++count}` });
        expect(outcome.status).toBe("ok");
      }
      const { longestMs, noiseMs } = await stalls.stop();
      tell(
        `8 writers: longest stall ${longestMs} ms (an idle process beside: ${noiseMs} ms), ${count} appends of mine`,
      );
      expect(longestMs).toBeLessThan(50 + noiseMs);
    } finally {
      for (const writer of writers) await writer[Symbol.asyncDispose]();
    }
  });
});

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
