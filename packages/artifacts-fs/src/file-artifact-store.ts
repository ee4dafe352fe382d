import {
  AdkError,
  checkOptions,
  systemClock,
  inParallel,
  type ArtifactKey,
  type ArtifactScope,
  type ArtifactStore,
  type ArtifactStoreReport,
  type Clock,
  type CopyCommand,
  type EraseArtifactsCommand,
  type OpenCommand,
  type OpenedArtifact,
  type OptionCheck,
  type SaveCommand,
  type StoredVersion,
} from "@adk/core";
import { dirname, join, resolve } from "node:path";
import { checkFolder } from "./check-folder.ts";
import { copyVersions } from "./copy-versions.ts";
import {
  checkAccess,
  entriesIn,
  isThere,
  makeFolder,
  makeRoot,
  moveNew,
  removeAll,
  syncFolder,
} from "./disk.ts";
import { checkSignal } from "./errors.ts";
import { decodeSegment, encodeSegment, Keys } from "./keys.ts";
import { findWrite, lifeOf, recordOf, versionPath, versionsIn } from "./lives.ts";
import { openVersion } from "./open-version.ts";
import { publish } from "./publish.ts";
import { discard, stageFile, use } from "./staged-file.ts";
import { sweep } from "./sweep.ts";
import { toStoredVersion } from "./to-stored-version.ts";
import { WriteIds } from "./write-ids.ts";

/** Options of the store. */
export interface FileArtifactStoreOptions {
  /** The folder of the artifacts, and of nothing else; it is made, with mode 0700, when it is missing. */
  path: string;
  /** Gives versions their `createTime`. @defaultValue the machine's */
  clock?: Clock | undefined;
}

/** A row for every option. */
export const STORE_OPTIONS: Readonly<Record<keyof FileArtifactStoreOptions, OptionCheck>> = {
  path: (value) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? undefined
      : "the path of a folder",
  clock: (value) =>
    typeof (value as Clock | null)?.now === "function" ? undefined : "a clock with now()",
};

/**
 * Artifacts in a folder: a version is a file, published whole and synced, or not at all. Any number of stores, in any number of
 * processes of one machine, may have the folder open.
 */
export class FileArtifactStore implements ArtifactStore {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #writeIds = new WriteIds();
  #keys: Promise<Keys> | undefined;

  /** @throws {@link AdkError} `INVALID_ARGUMENT` for an option that there is not, or that cannot be used. */
  constructor(options: FileArtifactStoreOptions) {
    checkOptions("FileArtifactStore", options, STORE_OPTIONS);
    checkPath("FileArtifactStore", options);
    this.#path = resolve(options.path);
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Makes the folder if it is missing, as the first command does, and looks whether it may be read and written.
   *
   * @throws {@link AdkError} `MISCONFIGURED` when something else is in its place; `PERMISSION_DENIED`.
   */
  async connect(): Promise<void> {
    const { root } = await this.#open();
    // It may have been removed since the first time.
    await makeFolder(root, root);
    await checkAccess(root);
  }

  async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    const keys = await this.#open(signal);
    if (this.#writeIds.isRepeated(command.writeId)) {
      const found = await findWrite(keys.name(command), command.writeId);
      if (found) {
        const { life, version, record } = found;
        await syncFolder(life, "unknown");
        return toStoredVersion(versionPath(life, version), version, record);
      }
    }
    await makeFolder(keys.root, keys.staging);
    const staged = keys.staged();
    using _inUse = use(staged);
    try {
      const record = await stageFile(staged, command, () => this.#clock.now(), signal);
      checkSignal(signal);
      const { path, version } = await publish(keys, command, staged);
      return toStoredVersion(path, version, record);
    } finally {
      await discard(staged);
    }
  }

  async open(command: OpenCommand, signal?: AbortSignal): Promise<OpenedArtifact | undefined> {
    const keys = await this.#open(signal);
    const { range } = command;
    for (;;) {
      const life = await lifeOf(keys.name(command));
      if (life === undefined) return undefined;
      const version = command.version ?? (await versionsIn(life))?.at(-1);
      const opened =
        version === undefined
          ? undefined
          : await openVersion(versionPath(life, version), version, range, signal);
      if (opened) return opened;
      // The latest was there a moment ago: then something else is the latest now, perhaps in a new life.
      const isGone = command.version === undefined && version !== undefined;
      if (!isGone && (await isThere(life))) return undefined;
    }
  }

  async list(command: ArtifactScope, signal?: AbortSignal): Promise<string[]> {
    const keys = await this.#open(signal);
    const scope = keys.scope(command);
    if (!(await isThere(scope))) return [];
    const folders = (await entriesIn(scope)).filter((entry) => entry.isDirectory());
    const names = await inParallel(folders, async ({ name }) => {
      const filename = decodeSegment(name) ?? (await longName(join(scope, name)));
      return filename !== undefined && encodeSegment(filename) === name ? [filename] : [];
    });
    return names.flat().toSorted();
  }

  async versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]> {
    const keys = await this.#open(signal);
    for (;;) {
      const life = await lifeOf(keys.name(command));
      if (life === undefined) return [];
      const versions = await inParallel((await versionsIn(life)) ?? [], async (version) => {
        const path = versionPath(life, version);
        const record = await recordOf(path);
        return record && toStoredVersion(path, version, record);
      });
      // All of one life, or look again.
      if (await isThere(life)) return versions.filter((version) => version !== undefined);
    }
  }

  async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    const keys = await this.#open(signal);
    const { filename, sessionId } = command;
    const folder =
      filename !== undefined
        ? keys.name(command)
        : sessionId === undefined
          ? keys.user(command)
          : keys.scope(command);
    if (!(await isThere(dirname(folder)))) return;
    await makeFolder(keys.root, keys.trash);
    const discarded = keys.discarded();
    // Gone in one step; the bytes follow.
    if (!(await moveNew(folder, discarded))) return;
    await syncFolder(dirname(folder), "unknown");
    await removeAll(discarded, "unknown");
  }

  async copy(command: CopyCommand, signal?: AbortSignal): Promise<void> {
    await copyVersions(await this.#open(signal), command, signal);
  }

  async purge({ olderThanMs }: { olderThanMs: number }, signal?: AbortSignal): Promise<number> {
    return await sweep(await this.#open(signal), olderThanMs, signal);
  }

  async check(signal?: AbortSignal): Promise<ArtifactStoreReport> {
    return await checkFolder(await this.#open(signal), signal);
  }

  /** Nothing is held between commands; what was opened is the reader's. */
  async [Symbol.asyncDispose](): Promise<void> {}

  async #open(signal?: AbortSignal): Promise<Keys> {
    checkSignal(signal);
    this.#keys ??= makeRoot(this.#path).then((root) => new Keys(root));
    try {
      return await this.#keys;
    } catch (error) {
      this.#keys = undefined;
      throw error;
    }
  }
}

/** @throws {@link AdkError} `INVALID_ARGUMENT` */
export function checkPath(owner: string, { path }: { path?: string | undefined }): void {
  if (path !== undefined) return;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `${owner} needs a \`path\`: that of a folder. Pass { path: "data/artifacts" }.`,
    { details: { option: "path" } },
  );
}

/** The name that is too long for its folder's; `undefined` when it was deleted meanwhile. */
async function longName(folder: string): Promise<string | undefined> {
  const life = await lifeOf(folder);
  const [version] = (life !== undefined && (await versionsIn(life))) || [];
  if (life === undefined || version === undefined) return undefined;
  return (await recordOf(versionPath(life, version)))?.filename;
}
