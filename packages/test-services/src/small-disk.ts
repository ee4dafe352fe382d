import { spawnSync } from "node:child_process";
import { chownSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freshFolder } from "./fresh-folder.ts";

/** A file system of its own, with little room, in memory. */
export interface SmallDisk extends AsyncDisposable {
  /** It belongs to whom the servers run as; root may write to it, too. */
  readonly path: string;
  /** Takes all the room that is left: whoever writes gets ENOSPC. */
  fill(): Promise<void>;
  /** Gives it back. */
  makeRoom(): Promise<void>;
  /** Whether it can only be read, by root too. */
  setReadOnly(isReadOnly: boolean): void;
}

const NOBODY = 65_534;

/** @throws Error where none can be mounted: it takes Linux, and root. */
export async function smallDisk({ bytes }: { readonly bytes: number }): Promise<SmallDisk> {
  const folder = await freshFolder();
  const { path } = folder;
  const words = ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path];
  if (spawnSync("mount", words).status !== 0) {
    await folder[Symbol.asyncDispose]();
    throw new Error("A small file system cannot be mounted here: that takes Linux, and root.");
  }
  chownSync(path, NOBODY, NOBODY);
  const ballast = join(path, "ballast");
  return {
    path,
    async fill() {
      const isFull = await writeFile(ballast, Buffer.alloc(bytes)).then(
        () => false,
        (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOSPC",
      );
      if (!isFull) throw new Error(`${path} could not be filled.`);
    },
    makeRoom: async () => await rm(ballast),
    setReadOnly(isReadOnly) {
      const mode = `remount,${isReadOnly ? "ro" : "rw"}`;
      const { status, stderr } = spawnSync("mount", ["-o", mode, path], { encoding: "utf8" });
      if (status !== 0) throw new Error(`${path} could not be mounted again: ${stderr}`);
    },
    async [Symbol.asyncDispose]() {
      spawnSync("umount", [path]);
      await folder[Symbol.asyncDispose]();
    },
  };
}
