import { join } from "node:path";
import type { AppendCommand } from "@adk/core";
import { offeredDisk } from "@adk/test-services";
import { afterAll, expect, it } from "vitest";
import { SqliteSessionStore } from "../src/index.ts";

const disk = await offeredDisk({ bytes: 1024 * 1024 });
afterAll(async () => await disk?.[Symbol.asyncDispose]());

const KEY = { appName: "a", userId: "u", sessionId: "s" };
const CREATE = { ...KEY, incarnation: "i", initialState: {} };
const FULL = { code: "STORE_FULL", details: { committed: false, reason: "disk-full" } };

function append(id: string, length: number): AppendCommand {
  const delta = { session: { set: { k: `"${id}"` }, remove: [] } };
  return { ...KEY, incarnation: "i", id, timestamp: 1, data: "x".repeat(length), delta };
}

it.skipIf(!disk)(
  "a disk that is really full is STORE_FULL, opening included, and it heals",
  async () => {
    const path = join(disk!.path, "sessions.db");
    {
      await using store = new SqliteSessionStore({ path });
      await store.create(CREATE);
      await disk!.fill();
      await expect(store.append(append("large", 300_000))).rejects.toMatchObject(FULL);
      await expect(store.append(append("small", 1))).rejects.toMatchObject(FULL);
      const snapshot = await store.read({ ...KEY, events: {}, state: true });
      expect(snapshot).toMatchObject({ events: [], header: { lastSequence: 0 } });
      expect(Object.keys(snapshot?.state?.session ?? {})).toEqual([]);
      await disk!.makeRoom();
      expect(await store.append(append("small", 1))).toMatchObject({ status: "ok", sequence: 1 });
    }
    await disk!.fill();
    await using store = new SqliteSessionStore({ path });
    // Nobody has the file open: who opens it needs room for what processes share.
    await expect(store.read({ ...KEY })).rejects.toMatchObject(FULL);
    await using fresh = new SqliteSessionStore({ path: join(disk!.path, "fresh.db") });
    await expect(fresh.create(CREATE)).rejects.toMatchObject(FULL);
    await disk!.makeRoom();
    expect(await store.append(append("large", 300_000))).toMatchObject({ sequence: 2 });
    expect(await fresh.create(CREATE)).toMatchObject({ status: "ok" });
  },
);

it.skipIf(!disk)(
  "a disk that can only be read is PERMISSION_DENIED, and used again when it can be written",
  async () => {
    const path = join(disk!.path, "read-only.db");
    await using open = new SqliteSessionStore({ path });
    await open.create(CREATE);
    await open[Symbol.asyncDispose]();
    const refused = {
      code: "PERMISSION_DENIED",
      retryable: false,
      details: { committed: false, reason: "read-only" },
    };
    await using late = new SqliteSessionStore({ path });
    await using fresh = new SqliteSessionStore({ path: join(disk!.path, "made/fresh.db") });
    disk!.setReadOnly(true);
    await expect(late.read({ ...KEY })).rejects.toMatchObject(refused);
    await expect(late.append(append("e", 1))).rejects.toMatchObject(refused);
    await expect(fresh.create(CREATE)).rejects.toMatchObject(refused);
    disk!.setReadOnly(false);
    expect(await late.append(append("e", 1))).toMatchObject({ status: "ok", sequence: 1 });
    expect(await fresh.create(CREATE)).toMatchObject({ status: "ok" });
  },
);
