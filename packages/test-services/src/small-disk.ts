import { spawnSync } from "node:child_process";
import { chownSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freshFolder } from "./fresh-folder.ts";
import { tellOnce } from "./offered.ts";

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
/** To unmount it: ten seconds. */
const MOST_TRIES = 100;
const PAUSE_MS = 100;

/** None can be mounted here. In a container root may not mount either, unless it is given the capability. */
export class CannotMountError extends Error {
  constructor() {
    super(
      "A small file system cannot be mounted here: that takes Linux, root and CAP_SYS_ADMIN (a container: --cap-add SYS_ADMIN --security-opt apparmor=unconfined).",
    );
    this.name = "CannotMountError";
  }
}

/**
 * The disk, or `undefined` where nobody may mount one: then its tests are not run, and counted so. Unlike a server, it need
 * not be there in CI: whether one may mount is not for a program to change.
 */
export async function offeredDisk(options: {
  readonly bytes: number;
}): Promise<SmallDisk | undefined> {
  try {
    return await smallDisk(options);
  } catch (error) {
    if (!(error instanceof CannotMountError)) throw error;
    tellOnce(error.message);
    return undefined;
  }
}

/** @throws CannotMountError where nobody may mount one. */
export async function smallDisk({ bytes }: { readonly bytes: number }): Promise<SmallDisk> {
  const folder = await freshFolder();
  const { path } = folder;
  const words = ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path];
  if (spawnSync("mount", words).status !== 0) {
    await folder[Symbol.asyncDispose]();
    throw new CannotMountError();
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
      // A process of a server that has just ended may still be letting go of its files.
      for (let tries = 0; spawnSync("umount", [path]).status !== 0 && tries < MOST_TRIES; tries++)
        await sleep(PAUSE_MS);
      await folder[Symbol.asyncDispose]();
    },
  };
}
