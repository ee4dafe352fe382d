import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Opened } from "./opened.ts";
import type { Place } from "./place.ts";

/** A file in this folder; absent: in a fresh one, removed at the end. */
export async function sqlitePlace(folder?: string): Promise<Place> {
  const fresh = folder === undefined ? mkdtempSync(join(parentFolder(), "adk-chaos-")) : undefined;
  const path = join(folder ?? fresh ?? "", "sessions.db");
  const opened = new Opened({ store: "sqlite", path });
  return {
    address: { store: "sqlite", path },
    open: opened.open,
    async durability() {
      // `synchronous` belongs to a connection: the store says what its own has.
      const { problems } = await (await opened.open()).check();
      const weak = problems.filter(({ code }) => ["SYNCHRONOUS", "JOURNAL_MODE"].includes(code));
      return weak.length === 0
        ? "synchronous=FULL, journal_mode=wal"
        : weak.map(({ message }) => message).join(" ");
    },
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      if (fresh !== undefined) rmSync(fresh, { recursive: true, force: true });
    },
  };
}

const ROOM_BYTES = 1_073_741_824;

/** Memory where there is some, as the servers of tests: what dies here are processes, not the machine. */
function parentFolder(): string {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize > ROOM_BYTES ? "/dev/shm" : tmpdir();
  } catch {
    return tmpdir();
  }
}
