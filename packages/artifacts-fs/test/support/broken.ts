import files from "node:fs/promises";
import { basename, dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { FileMethod, PatchedFiles } from "./patched-files.ts";

/** A store with one mistake in how it uses the file system, and the cases that name it. */
export interface BrokenFiles {
  readonly name: string;
  /** The function of `node:fs/promises` that is called in a wrong way. */
  readonly method: FileMethod;
  /** What is done instead, given what the function really does. */
  readonly instead: Parameters<typeof PatchedFiles.begin>[1];
  readonly caughtBy: readonly string[];
}

const isIn = (folder: string, path: unknown): boolean => basename(dirname(String(path))) === folder;

/** The stores that the kit must catch. */
export const brokenFiles: readonly BrokenFiles[] = [
  {
    name: "puts a version in the place of another's",
    method: "link",
    instead: () => async (from, to) => await files.copyFile(String(from), String(to)),
    caughtBy: ["save-race-distinct-versions", "stream-race"],
  },
  {
    name: "begins a name anew where another save has just begun it",
    method: "rename",
    instead: (real) => {
      let before: Promise<unknown> = Promise.resolve();
      return async (from, to) => {
        if (!isIn("tmp", from)) return await real(from, to);
        // A slow disk that does one thing at a time: others have found no name yet, and go on to begin it too.
        const moved = before.then(async () => {
          await pause(20);
          await files.rm(String(to), { recursive: true, force: true });
          return await real(from, to);
        });
        before = moved.catch(() => undefined);
        return await moved;
      };
    },
    caughtBy: ["save-race-distinct-versions", "stream-race"],
  },
  {
    name: "moves what it should copy",
    method: "link",
    instead: (real) => async (from, to) =>
      String(from).includes("/apps/")
        ? await files.rename(String(from), String(to))
        : await real(from, to),
    caughtBy: ["copy-all"],
  },
  {
    name: "deletes nothing",
    method: "rename",
    instead: (real) => async (from, to) => (isIn("trash", to) ? undefined : await real(from, to)),
    caughtBy: [
      "delete-removes-all-versions",
      "delete-restarts-at-zero",
      "delete-session-artifacts",
      "delete-user-artifacts",
    ],
  },
  {
    name: "takes a piece that was written in part for a whole one",
    method: "write",
    instead: (real) =>
      async function (bytes, start, length) {
        await real.call(this, bytes, start, Math.ceil(Number(length) / 2));
        return { bytesWritten: length };
      },
    caughtBy: ["content-bytes", "content-text", "stream-round-trip"],
  },
  {
    name: "sees no more than a thousand entries of a folder",
    method: "readdir",
    instead: (real) => async (folder, options) =>
      ((await real(folder, options)) as unknown[]).slice(0, 1_000),
    caughtBy: ["list-many-names", "versions-beyond-a-page"],
  },
];
