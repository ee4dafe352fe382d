import { AdkError } from "../errors.ts";
import { checkSignal } from "../internal/check-signal.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { cloneJson } from "../internal/json.ts";
import { formatArtifactUri } from "./artifact-reference.ts";
import type {
  ArtifactKey,
  ArtifactMetadata,
  ArtifactScope,
  ArtifactStore,
  ArtifactStoreReport,
  CopyCommand,
  EraseArtifactsCommand,
  OpenCommand,
  OpenedArtifact,
  SaveCommand,
  StoredVersion,
} from "./artifact-store.ts";
import { collectBytes } from "./collect-bytes.ts";

interface Entry {
  readonly version: number;
  /** Of the save that made it; a copy keeps it. */
  readonly writeId: string;
  readonly createTime: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly metadata: ArtifactMetadata;
}

/** All versions, by name. */
type Names = Map<string, Entry[]>;

const CHUNK_BYTES = 65_536;

/** Artifacts in the memory of this process: the template for other stores. Each command is one synchronous step. */
export class InMemoryArtifactStore implements ArtifactStore {
  readonly #clock: Clock;
  /** By user, then by session; `""`, which is no session's id, holds what belongs to the user. */
  readonly #users = new Map<string, Map<string, Names>>();

  constructor(options: { clock?: Clock | undefined } = {}) {
    this.#clock = options.clock ?? systemClock;
  }

  async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    checkSignal(signal);
    const bytes = await collectBytes(command.body);
    checkSignal(signal);
    // From here on nothing waits: twenty savers get twenty versions.
    const names = this.#names(command, true);
    const entries = names.get(command.filename) ?? [];
    let entry = entries.find(({ writeId }) => writeId === command.writeId);
    if (!entry) {
      const { size, sha256 } = command.body;
      entry = {
        version: (entries.at(-1)?.version ?? -1) + 1,
        writeId: command.writeId,
        createTime: this.#clock.now(),
        bytes,
        metadata: { ...cloneJson(command.metadata), size, sha256 },
      };
      entries.push(entry);
      names.set(command.filename, entries);
    }
    return toStoredVersion(command, entry);
  }

  async open(command: OpenCommand, signal?: AbortSignal): Promise<OpenedArtifact | undefined> {
    checkSignal(signal);
    const entries = this.#entries(command);
    const { version, range } = command;
    const entry =
      version === undefined ? entries.at(-1) : entries.find((found) => found.version === version);
    if (!entry) return undefined;
    return {
      ...toStoredVersion(command, entry),
      body: read(entry.bytes.subarray(range?.start ?? 0, range?.end ?? entry.bytes.length), signal),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async list(command: ArtifactScope, signal?: AbortSignal): Promise<string[]> {
    checkSignal(signal);
    return [...this.#names(command).keys()].toSorted();
  }

  async versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]> {
    checkSignal(signal);
    return this.#entries(command).map((entry) => toStoredVersion(command, entry));
  }

  async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    checkSignal(signal);
    const user = userKey(command);
    if (command.filename !== undefined) this.#names(command).delete(command.filename);
    else if (command.sessionId === undefined) this.#users.delete(user);
    else this.#users.get(user)?.delete(command.sessionId);
  }

  async copy(command: CopyCommand, signal?: AbortSignal): Promise<void> {
    checkSignal(signal);
    const { appName, userId, from, to } = command;
    const source = this.#names({ appName, userId, sessionId: from });
    const target = this.#names({ appName, userId, sessionId: to });
    const copies = command.versions.flatMap(({ filename, version, fileUri }) => {
      const entry = source.get(filename)?.find((found) => found.version === version);
      const taken = target.get(filename)?.find((found) => found.version === version);
      if (!entry || taken?.writeId === entry.writeId) return [];
      if (taken)
        throw new AdkError(
          "ARTIFACT_CONFLICT",
          `Session ${to} already has another version ${version} of an artifact that is copied. Copy into a new session.`,
          { details: { sessionId: to, version } },
        );
      const metadata = fileUri === undefined ? entry.metadata : { ...entry.metadata, fileUri };
      return [{ filename, entry: { ...entry, metadata } }];
    });
    const names = this.#names({ appName, userId, sessionId: to }, true);
    for (const { filename, entry } of copies)
      names.set(filename, [...(names.get(filename) ?? []), entry].toSorted(byVersion));
  }

  /** Memory holds no bytes without a version. */
  async purge(_command: { olderThanMs: number }, signal?: AbortSignal): Promise<number> {
    checkSignal(signal);
    return 0;
  }

  /** Memory needs no set-up. */
  async check(signal?: AbortSignal): Promise<ArtifactStoreReport> {
    checkSignal(signal);
    return { problems: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#users.clear();
  }

  #entries(key: ArtifactKey): readonly Entry[] {
    return this.#names(key).get(key.filename) ?? [];
  }

  /** The names of exactly one scope; kept in the store only when something is to be put there. */
  #names(scope: ArtifactScope, keep: boolean = false): Names {
    const user = userKey(scope);
    const sessions = this.#users.get(user) ?? new Map<string, Names>();
    const names = sessions.get(scope.sessionId ?? "") ?? new Map<string, Entry[]>();
    if (keep) this.#users.set(user, sessions.set(scope.sessionId ?? "", names));
    return names;
  }
}

/** One text for two ids, whatever characters they have. */
function userKey({ appName, userId }: ArtifactScope): string {
  return JSON.stringify([appName, userId]);
}

function toStoredVersion(key: ArtifactKey, entry: Entry): StoredVersion {
  const { version, createTime, metadata } = entry;
  const canonicalUri = formatArtifactUri("memory://", key, version);
  return { version, createTime, metadata, canonicalUri };
}

/** Copies, so that a reader who changes what it got changes nothing here. */
async function* read(
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    checkSignal(signal);
    yield bytes.slice(start, start + CHUNK_BYTES);
  }
}

function byVersion(left: Entry, right: Entry): number {
  return left.version - right.version;
}
