import { constants, type Dirent, type Stats } from "node:fs";
import {
  access,
  copyFile,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  unlink,
  type FileHandle,
} from "node:fs/promises";
import { dirname } from "node:path";
import { type Committed, foreign, linkError, storeError, systemCode, unfitRoot } from "./errors.ts";

/** File systems that cannot sync a folder say so; there is nothing more to do then. */
const NO_FOLDER_SYNC: ReadonlySet<string> = new Set(["EINVAL", "ENOTSUP", "EISDIR"]);

/** For files that must be what this package wrote: no link is followed, and no pipe waited for. */
const READ_PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** Of a path that leads nowhere: something on the way is absent, no folder, or a link to itself. */
const NOT_THERE: readonly string[] = ["ENOENT", "ENOTDIR", "ELOOP"];
/** To make a folder that is not there afterwards. */
const MOST_TRIES = 100;
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** What the system answered, or `undefined` for these codes; others are thrown in core's words. */
async function unless<Result>(
  codes: readonly string[],
  path: string,
  call: Promise<Result>,
  committed?: Committed,
): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codes.includes(systemCode(error) ?? "")) return undefined;
    throw storeError(error, path, committed);
  }
}

/** The result; what the system throws is thrown in core's words. */
export async function must<Result>(path: string, call: Promise<Result>): Promise<Result> {
  try {
    return await call;
  } catch (error) {
    throw storeError(error, path);
  }
}

/** The names in a folder; `undefined` when there is none. */
export async function namesIn(folder: string): Promise<string[] | undefined> {
  return await unless(["ENOENT"], folder, readdir(folder));
}

/** The entries of a folder; nothing when there is none. */
export async function entriesIn(folder: string): Promise<Dirent[]> {
  return (await unless(["ENOENT"], folder, readdir(folder, { withFileTypes: true }))) ?? [];
}

/** What stands at a path itself, links not followed; `undefined` for nothing. */
export async function statOf(path: string): Promise<Stats | undefined> {
  return await unless(["ENOENT"], path, lstat(path));
}

/**
 * Whether a folder of the store is there. Its path has no link in it: it is its own real path.
 *
 * @throws {@link AdkError} `MISCONFIGURED` when somebody has put a link in the way.
 */
export async function isThere(folder: string): Promise<boolean> {
  const found = await unless(["ENOENT"], folder, realpath(folder));
  if (found !== undefined && found !== folder) throw foreign(folder);
  return found !== undefined;
}

/**
 * Makes the folder of a store if it is missing. @returns its path without links: the way to it may have some.
 *
 * @throws {@link AdkError} `MISCONFIGURED`, with the path of what is in the way: a file, or a link that leads nowhere.
 */
export async function makeRoot(path: string): Promise<string> {
  // One after the other: Node's own recursion never ends in a folder that takes none, as /proc does.
  for (const folder of await missingOf(path)) {
    const above = dirname(folder);
    for (let tries = 1; ; tries++) {
      await unless(["EEXIST", "ENOENT"], folder, mkdir(folder, { mode: FOLDER_MODE }));
      const isFolder = (await followed(folder))?.isDirectory();
      if (isFolder === false) throw unfitRoot(folder, "is no folder");
      if (isFolder || !(await followed(above))?.isDirectory()) break;
      // Somebody removes empty folders: again.
      if (tries === MOST_TRIES)
        throw unfitRoot(folder, "cannot be made: the folder that it would stand in takes none");
    }
    await syncFolder(above);
  }
  return await must(path, realpath(path));
}

/** The folders of a path that are not there, the outermost first. Those above one that is there are not looked at. */
async function missingOf(path: string): Promise<string[]> {
  const missing: string[] = [];
  let folder = path;
  for (;;) {
    const found = await followed(folder);
    if (found?.isDirectory()) return missing;
    if (found) throw unfitRoot(folder, "is no folder");
    const entry = await unless(NOT_THERE, folder, lstat(folder));
    if (entry?.isSymbolicLink()) throw unfitRoot(folder, "is a link that leads nowhere");
    // Somebody has just made it: look again.
    if (entry) continue;
    missing.unshift(folder);
    if (dirname(folder) === folder) return missing;
    folder = dirname(folder);
  }
}

/** What a path leads to. */
async function followed(path: string): Promise<Stats | undefined> {
  return await unless(NOT_THERE, path, stat(path));
}

/** @throws {@link AdkError} `PERMISSION_DENIED` when nothing may be read from a folder, or written into it. */
export async function checkAccess(folder: string): Promise<void> {
  await must(folder, access(folder, constants.R_OK | constants.W_OK | constants.X_OK));
}

/**
 * Makes a folder below `root`, and those that it stands in, each synced into the one above before anything is put into it.
 *
 * @throws {@link AdkError} `MISCONFIGURED` when one of them is a link or no folder.
 */
export async function makeFolder(root: string, folder: string): Promise<void> {
  // Again when a deletion has taken one away meanwhile.
  while (!(await isThere(folder))) {
    if (folder === root) {
      await makeRoot(root);
      continue;
    }
    await makeFolder(root, dirname(folder));
    await unless(["EEXIST", "ENOENT"], folder, mkdir(folder, { mode: FOLDER_MODE }));
    if ((await statOf(folder))?.isDirectory() === false) throw foreign(folder);
    await syncFolder(dirname(folder));
  }
}

/** Makes one folder that is not there yet. */
export async function makeNew(folder: string): Promise<void> {
  await must(folder, mkdir(folder, { mode: FOLDER_MODE }));
}

/** A file that is not there yet, for its owner only. */
export async function createFile(path: string): Promise<FileHandle> {
  return await must(path, open(path, "wx", FILE_MODE));
}

/** A plain file to be read; `undefined` when there is none. The caller closes it. */
export async function openPlain(path: string): Promise<FileHandle | undefined> {
  const handle = await unless(["ENOENT"], path, open(path, READ_PLAIN));
  if (!handle) return undefined;
  if ((await must(path, handle.stat())).isFile()) return handle;
  await handle.close();
  throw foreign(path);
}

/** Gives a file a second name. `false` when the name is taken; `undefined` when the file or the folder is gone. */
export async function linkNew(file: string, name: string): Promise<boolean | undefined> {
  try {
    await link(file, name);
    return true;
  } catch (error) {
    switch (systemCode(error)) {
      case "EEXIST":
        return false;
      case "ENOENT":
        return undefined;
      default:
        throw linkError(error, name);
    }
  }
}

/** The same file under a name in a folder that nobody else sees. `undefined` when the file is gone. */
export async function duplicate(file: string, name: string): Promise<true | undefined> {
  try {
    await link(file, name);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT") return undefined;
    if (code !== "EMLINK" && code !== "EPERM") throw storeError(error, name);
    // It has as many names as its file system allows, or another owner: this one gets bytes of its own.
    await must(name, copyFile(file, name, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE));
    await must(name, syncFile(name));
  }
  return true;
}

/** Moves a folder to where none is. `false` when one is there; `undefined` when it, or where it should go, is gone. */
export async function moveNew(folder: string, to: string): Promise<boolean | undefined> {
  try {
    await rename(folder, to);
    return true;
  } catch (error) {
    switch (systemCode(error)) {
      case "ENOTEMPTY":
      case "EEXIST":
        return false;
      case "ENOENT":
        return undefined;
      default:
        throw storeError(error, to);
    }
  }
}

/** Takes one name of a file away; silent when it is gone. */
export async function removeName(path: string): Promise<void> {
  await unless(["ENOENT"], path, unlink(path));
}

/** Removes a folder when it is empty. */
export async function removeEmpty(folder: string): Promise<void> {
  await unless(["ENOENT", "ENOTEMPTY", "EEXIST"], folder, rmdir(folder));
}

/** Removes a file, or a folder with all in it; links in it are removed, not followed. Silent when it is gone. */
export async function removeAll(path: string, committed?: Committed): Promise<void> {
  await unless([], path, rm(path, { recursive: true, force: true, maxRetries: 3 }), committed);
}

/** What names a folder has is on the disk. @param committed what has become of the command when this fails. */
export async function syncFolder(folder: string, committed: Committed = false): Promise<void> {
  // Windows has no such thing.
  if (process.platform === "win32") return;
  const handle = await unless(["ENOENT"], folder, open(folder, constants.O_RDONLY), committed);
  try {
    await handle?.sync();
  } catch (error) {
    if (!NO_FOLDER_SYNC.has(systemCode(error) ?? "")) throw storeError(error, folder, committed);
  } finally {
    await handle?.close();
  }
}

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, "r+");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
