import type {
  ArtifactKey,
  ArtifactScope,
  ArtifactStore,
  BeginUploadCommand,
  CompleteUploadCommand,
  CopyCommand,
  EraseArtifactsCommand,
  OpenCommand,
  OpenedArtifact,
  PendingUpload,
  SaveCommand,
  StoredVersion,
} from "../../../src/artifacts/artifact-store.ts";
import { BaseArtifactService } from "../../../src/artifacts/base-artifact-service.ts";
import { bytesSource } from "../../../src/artifacts/byte-source.ts";
import { collectBytes } from "../../../src/artifacts/collect-bytes.ts";
import { InMemoryArtifactStore } from "../../../src/artifacts/in-memory-artifact-store.ts";
import type { InMemoryArtifactSubjectOptions } from "../../../src/testing/artifacts/in-memory-artifact-subject.ts";
import { UploadingStore } from "./uploading-store.ts";

/** Two saves of one name at once: the later one is told the number of the earlier, and its bytes are lost. */
class LosesRaces extends InMemoryArtifactStore {
  readonly #running = new Map<string, Promise<StoredVersion>>();

  override async save(command: SaveCommand): Promise<StoredVersion> {
    const name = address(command);
    const running = this.#running.get(name) ?? this.#saveSlowly(command);
    this.#running.set(name, running);
    try {
      return await running;
    } finally {
      this.#running.delete(name);
    }
  }

  /** Memory is too quick for saves to overlap; networks are not. */
  async #saveSlowly(command: SaveCommand): Promise<StoredVersion> {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return await super.save(command);
  }
}

/** A repeated save is not recognised. */
class ForgetsWriteIds extends InMemoryArtifactStore {
  override async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    return await super.save({ ...command, writeId: crypto.randomUUID() }, signal);
  }
}

/** The newest version is the one whose number sorts last as text: 9 is after 10. */
class SortsVersionsAsText extends InMemoryArtifactStore {
  override async open(
    command: OpenCommand,
    signal?: AbortSignal,
  ): Promise<OpenedArtifact | undefined> {
    if (command.version !== undefined) return await super.open(command, signal);
    const versions = await this.versions(command, signal);
    const last = versions
      .map(({ version }) => String(version))
      .toSorted()
      .at(-1);
    return last === undefined
      ? undefined
      : await super.open({ ...command, version: +last }, signal);
  }
}

/** A listing ends after its first page. */
class ListsOnePage extends InMemoryArtifactStore {
  override async versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]> {
    return (await super.versions(command, signal)).slice(0, 1_000);
  }
  override async list(command: ArtifactScope, signal?: AbortSignal): Promise<string[]> {
    return (await super.list(command, signal)).slice(0, 1_000);
  }
}

/** A deleted name goes on counting where it was. */
class CountsOn extends InMemoryArtifactStore {
  readonly #offsets = new Map<string, number>();

  override async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    return this.#shift(command, await super.save(command, signal));
  }
  override async open(
    command: OpenCommand,
    signal?: AbortSignal,
  ): Promise<OpenedArtifact | undefined> {
    const { version } = command;
    const offset = this.#offset(command);
    if (version !== undefined && version < offset) return undefined;
    const inner = version === undefined ? command : { ...command, version: version - offset };
    const opened = await super.open(inner, signal);
    return opened && this.#shift(command, opened);
  }
  override async versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]> {
    const versions = await super.versions(command, signal);
    return versions.map((stored) => this.#shift(command, stored));
  }
  override async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    if (command.filename !== undefined) {
      const count = (await super.versions(command, signal)).length;
      this.#offsets.set(address(command), this.#offset(command) + count);
    }
    await super.erase(command, signal);
  }

  #offset(key: ArtifactKey): number {
    return this.#offsets.get(address(key)) ?? 0;
  }
  #shift<Stored extends StoredVersion>(key: ArtifactKey, stored: Stored): Stored {
    return { ...stored, version: stored.version + this.#offset(key) };
  }
}

/** Deleting a name deletes all names that begin with it. */
class DeletesPrefixes extends InMemoryArtifactStore {
  override async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    if (command.filename === undefined) return await super.erase(command, signal);
    for (const filename of await super.list(command, signal))
      if (filename.startsWith(command.filename))
        await super.erase({ ...command, filename }, signal);
  }
}

/** Erasing a user leaves what the sessions had. */
class KeepsSessions extends InMemoryArtifactStore {
  override async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    const { appName, userId, sessionId } = command;
    if (command.filename !== undefined || sessionId !== undefined)
      return await super.erase(command, signal);
    for (const filename of await super.list(command, signal))
      await super.erase({ appName, userId, filename }, signal);
  }
}

/** The user's own artifacts stand under a session named "user". */
class FilesUserAsSession extends InMemoryArtifactStore {
  override async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    return await super.save(asSession(command), signal);
  }
  override async open(
    command: OpenCommand,
    signal?: AbortSignal,
  ): Promise<OpenedArtifact | undefined> {
    return await super.open(asSession(command), signal);
  }
  override async list(command: ArtifactScope, signal?: AbortSignal): Promise<string[]> {
    return await super.list(asSession(command), signal);
  }
  override async versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]> {
    return await super.versions(asSession(command), signal);
  }
  override async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    await super.erase(command.filename === undefined ? command : asSession(command), signal);
  }
}

function asSession<Scope extends ArtifactScope>(scope: Scope): Scope {
  return { ...scope, sessionId: scope.sessionId ?? "user" };
}

/** Something is done to each key before the store sees it. */
function rekeyed(change: <Scope extends ArtifactScope>(scope: Scope) => Scope): ArtifactStore {
  const store = new InMemoryArtifactStore();
  return {
    save: async (command, signal) => await store.save(change(command), signal),
    open: async (command, signal) => await store.open(change(command), signal),
    list: async (command, signal) => await store.list(change(command), signal),
    versions: async (command, signal) => await store.versions(change(command), signal),
    erase: async (command, signal) => await store.erase(change(command), signal),
    copy: async (command, signal) => await store.copy(change(command), signal),
    purge: async (command, signal) => await store.purge(command, signal),
    check: async (signal) => await store.check(signal),
    [Symbol.asyncDispose]: async () => await store[Symbol.asyncDispose](),
  };
}

/** App and user become one text that two pairs can share. */
const joinedIds = (): ArtifactStore =>
  rekeyed((scope) => ({ ...scope, appName: "all", userId: `${scope.appName}/${scope.userId}` }));

/** A file system that does not tell upper case from lower case. */
const foldedNames = (): ArtifactStore =>
  rekeyed((scope) =>
    "filename" in scope && typeof scope.filename === "string"
      ? { ...scope, filename: scope.filename.toLowerCase() }
      : scope,
  );

/** A file system that composes characters. */
const composedNames = (): ArtifactStore =>
  rekeyed((scope) =>
    "filename" in scope && typeof scope.filename === "string"
      ? { ...scope, filename: scope.filename.normalize("NFC") }
      : scope,
  );

/** Metadata goes through headers whose names have no case. */
class LowersMetadata extends InMemoryArtifactStore {
  override async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    const { custom, ...metadata } = command.metadata;
    if (!custom) return await super.save(command, signal);
    const lowered = Object.entries(custom).map(([name, value]) => [name.toLowerCase(), value]);
    const changed = { ...metadata, custom: Object.fromEntries(lowered) as typeof custom };
    return await super.save({ ...command, metadata: changed }, signal);
  }
}

/** A MIME type loses its parameters. */
class CutsMimeTypes extends InMemoryArtifactStore {
  override async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    const mimeType = command.metadata.mimeType?.split(";")[0];
    const metadata = { ...command.metadata, ...(mimeType !== undefined && { mimeType }) };
    return await super.save({ ...command, metadata }, signal);
  }
}

/** Every reader gets the same array. */
class SharesBytes extends InMemoryArtifactStore {
  readonly #bytes = new Map<string, Uint8Array>();

  override async open(
    command: OpenCommand,
    signal?: AbortSignal,
  ): Promise<OpenedArtifact | undefined> {
    const opened = await super.open(command, signal);
    if (!opened || command.range) return opened;
    const name = `${address(command)} ${opened.version}`;
    const bytes = this.#bytes.get(name) ?? (await collectBytes(opened.body));
    this.#bytes.set(name, bytes);
    return {
      ...opened,
      body: (async function* () {
        yield bytes;
      })(),
    };
  }
  override async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    this.#bytes.clear();
    await super.erase(command, signal);
  }
}

/** The end of a range belongs to it, as in HTTP. */
class IncludesRangeEnds extends InMemoryArtifactStore {
  override async open(
    command: OpenCommand,
    signal?: AbortSignal,
  ): Promise<OpenedArtifact | undefined> {
    const { range } = command;
    if (range?.end === undefined) return await super.open(command, signal);
    return await super.open({ ...command, range: { ...range, end: range.end + 1 } }, signal);
  }
}

/** A stream that fails leaves what had come as a version. */
class PublishesTornStreams extends InMemoryArtifactStore {
  override async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of command.body) pieces.push(piece.slice());
    } catch (error) {
      await super.save({ ...command, body: await joined(pieces) });
      throw error;
    }
    return await super.save({ ...command, body: await joined(pieces) }, signal);
  }
}

async function joined(pieces: readonly Uint8Array[]): ReturnType<typeof bytesSource> {
  const bytes = await collectBytes(
    (async function* () {
      yield* pieces;
    })(),
  );
  return await bytesSource(bytes);
}

/** A copy counts anew. */
class RenumbersCopies extends InMemoryArtifactStore {
  override async copy({ appName, userId, from, to, versions }: CopyCommand): Promise<void> {
    for (const { filename, version, fileUri } of versions) {
      const opened = await this.open({ appName, userId, sessionId: from, filename, version });
      if (!opened) continue;
      const { size: _size, sha256: _sha256, ...metadata } = opened.metadata;
      await this.save({
        appName,
        userId,
        sessionId: to,
        filename,
        writeId: `${from} ${version}`,
        body: await bytesSource(await collectBytes(opened.body)),
        metadata: { ...metadata, ...(fileUri !== undefined && { fileUri }) },
      });
    }
  }
}

/** A copy keeps references into the session it came from. */
class CopiesReferencesBlindly extends InMemoryArtifactStore {
  override async copy(command: CopyCommand, signal?: AbortSignal): Promise<void> {
    const versions = command.versions.map(({ filename, version }) => ({ filename, version }));
    await super.copy({ ...command, versions }, signal);
  }
}

/** An upload may have as many bytes as the service that completes it takes. */
class ForgetsUploadLimits extends UploadingStore {
  override async beginUpload(command: BeginUploadCommand): Promise<PendingUpload> {
    return await super.beginUpload({ ...command, maxBytes: Infinity });
  }
}

/** An upload has the type that is given when it is completed. */
class ForgetsUploadTypes extends UploadingStore {
  override async beginUpload(command: BeginUploadCommand): Promise<PendingUpload> {
    const { mimeType: _forgotten, ...others } = command;
    return await super.beginUpload(others);
  }
}

/** An upload is published whatever its checksum is. */
class BelievesUploads extends UploadingStore {
  override async completeUpload(
    command: CompleteUploadCommand,
  ): Promise<StoredVersion | undefined> {
    const { sha256: _ignored, ...metadata } = command.metadata;
    return await super.completeUpload({ ...command, metadata });
  }
}

/** The bytes that are there are believed, whatever their checksum was. */
function believing(store: ArtifactStore): ArtifactStore {
  return overriding(store, {
    async open(command, signal) {
      const opened = await store.open(command, signal);
      if (!opened || command.range) return opened;
      const { size, sha256, bytes } = await bytesSource(await collectBytes(opened.body));
      return {
        ...opened,
        metadata: { ...opened.metadata, size, sha256 },
        body: (async function* () {
          if (bytes) yield bytes;
        })(),
      };
    },
  });
}

/** A store that does not answer has nothing. */
function silent(store: ArtifactStore): ArtifactStore {
  return overriding(store, {
    open: async (command, signal) => await store.open(command, signal).catch(() => undefined),
    list: async (command, signal) => await store.list(command, signal).catch(() => []),
    versions: async (command, signal) => await store.versions(command, signal).catch(() => []),
  });
}

function overriding(store: ArtifactStore, changes: Partial<ArtifactStore>): ArtifactStore {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(Object.hasOwn(changes, name) ? changes : target, name);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}

function address({ appName, userId, sessionId, filename }: ArtifactKey): string {
  return JSON.stringify([appName, userId, sessionId, filename]);
}

/** A service that is like the one in memory but for one thing, and the cases that find it out. */
export interface BrokenArtifactService {
  readonly name: string;
  make(): InMemoryArtifactSubjectOptions;
  readonly failing: readonly string[];
}

export const brokenArtifactServices: readonly BrokenArtifactService[] = [
  {
    name: "two savers get one version",
    make: () => ({ store: new LosesRaces() }),
    failing: ["save-race-distinct-versions", "versions-beyond-a-page", "stream-race"],
  },
  {
    name: "a repeated save is a second version",
    make: () => ({ store: new ForgetsWriteIds() }),
    failing: ["fault-lost-reply"],
  },
  {
    name: "versions sort as text",
    make: () => ({ store: new SortsVersionsAsText() }),
    failing: ["load-latest", "versions-beyond-a-page"],
  },
  {
    name: "listings end after one page",
    make: () => ({ store: new ListsOnePage() }),
    failing: ["list-many-names", "versions-beyond-a-page"],
  },
  {
    name: "versions go on counting after a deletion",
    make: () => ({ store: new CountsOn() }),
    failing: ["delete-restarts-at-zero", "delete-restarts-for-all"],
  },
  {
    name: "a deletion takes names along that begin alike",
    make: () => ({ store: new DeletesPrefixes() }),
    failing: ["delete-removes-all-versions", "names-nested", "names-characters"],
  },
  {
    name: "a user's erasure leaves the sessions",
    make: () => ({ store: new KeepsSessions() }),
    failing: ["delete-user-artifacts"],
  },
  {
    name: "a session named user is the user",
    make: () => ({ store: new FilesUserAsSession() }),
    failing: ["scope-session-ids"],
  },
  {
    name: "ids are joined so that a neighbour leaks in",
    make: () => ({ store: joinedIds() }),
    failing: ["scope-prefix-ids"],
  },
  {
    name: "names have no case",
    make: () => ({ store: foldedNames() }),
    failing: [
      "names-path-like",
      "names-characters",
      "names-case-and-form",
      "names-user-prefix-once",
    ],
  },
  {
    name: "names are composed",
    make: () => ({ store: composedNames() }),
    failing: ["names-case-and-form"],
  },
  {
    name: "metadata loses its case",
    make: () => ({ store: new LowersMetadata() }),
    failing: ["metadata-round-trip"],
  },
  {
    name: "MIME types lose their parameters",
    make: () => ({ store: new CutsMimeTypes() }),
    failing: ["content-mime"],
  },
  {
    name: "readers share one array",
    make: () => ({ store: new SharesBytes() }),
    failing: ["alias-load"],
  },
  {
    name: "a range includes its end",
    make: () => ({ store: new IncludesRangeEnds() }),
    failing: ["open-range"],
  },
  {
    name: "a torn stream is published",
    make: () => ({ store: new PublishesTornStreams() }),
    failing: ["stream-failure", "stream-too-large", "stream-refused", "abort-stream"],
  },
  {
    name: "a copy counts anew",
    make: () => ({ store: new RenumbersCopies() }),
    failing: ["copy-repeated", "copy-some"],
  },
  {
    name: "a copy refers to the original",
    make: () => ({ store: new CopiesReferencesBlindly() }),
    failing: ["copy-references"],
  },
  {
    name: "an upload's limit is forgotten",
    make: () => ({ store: new ForgetsUploadLimits(), capabilities: { uploads: true } }),
    failing: ["url-upload-limit"],
  },
  {
    name: "an upload's type is forgotten",
    make: () => ({ store: new ForgetsUploadTypes(), capabilities: { uploads: true } }),
    failing: ["url-upload-type"],
  },
  {
    name: "an upload's checksum is not compared",
    make: () => ({ store: new BelievesUploads(), capabilities: { uploads: true } }),
    failing: ["url-upload"],
  },
  {
    name: "checksums are not compared",
    make: () => ({
      service: (store, options) => new BaseArtifactService(believing(store), options),
    }),
    failing: ["fault-corrupt"],
  },
  {
    name: "a store that is away looks empty",
    make: () => ({ service: (store, options) => new BaseArtifactService(silent(store), options) }),
    failing: ["fault-down", "fault-refused"],
  },
];
