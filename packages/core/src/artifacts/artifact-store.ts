/**
 * What an artifact adapter writes: bytes and versions. Names, parts, checksums and references are the service's.
 *
 * As with sessions: commands may be repeated, expected outcomes are values, only the driver's failures are thrown.
 */

/** Names one artifact. Without `sessionId` it belongs to the user and is seen from all sessions. */
export interface ArtifactKey {
  appName: string;
  userId: string;
  sessionId?: string;
  /** Without the `user:` prefix. Any 1–512 byte string: `../../etc/passwd` is a name like any other. */
  filename: string;
}

/** The scope of a list or an erasure. */
export interface ArtifactScope {
  appName: string;
  userId: string;
  sessionId?: string;
}

/** What stands beside the bytes. Text values only, so that object stores can keep them as metadata. */
export interface ArtifactMetadata {
  /** What the bytes are: the data of an `inlineData` part, the text of a `text` part, or nothing beside a `fileData` reference. */
  kind: "data" | "text" | "file";
  mimeType?: string;
  displayName?: string;
  /** Of `kind: "file"`. */
  fileUri?: string;
  /** Lower-case hex of the SHA-256 of the bytes. */
  sha256?: string;
  size: number;
  custom?: Record<string, unknown>;
}

export interface StoredVersion {
  version: number;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  createTime: number;
  metadata: ArtifactMetadata;
  /** Where the bytes are, for people and logs: `memory://…`, `s3://…`, `file://…`. */
  canonicalUri: string;
}

export interface SaveCommand extends ArtifactKey {
  /** Made by the service: a repeated save finds its own version. */
  writeId: string;
  /** All the bytes, or a stream of them whose size and checksum are known only at its end. */
  body: Uint8Array | AsyncIterable<Uint8Array>;
  /** For a stream `sha256` is absent and `size` is 0: the store counts and computes them. */
  metadata: ArtifactMetadata;
}

export interface OpenCommand extends ArtifactKey {
  /** The latest when absent. */
  version?: number;
  /** Bytes from `start` up to and without `end`. */
  range?: { start: number; end?: number };
}

export interface OpenedArtifact extends StoredVersion {
  body: AsyncIterable<Uint8Array>;
}

export interface ArtifactStore extends AsyncDisposable {
  /** Stores the next version, 0 for the first; twenty savers at once get twenty. No reader sees half of one. */
  save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion>;
  /** `undefined` when there is no such name or version. */
  open(command: OpenCommand, signal?: AbortSignal): Promise<OpenedArtifact | undefined>;
  /** Names of exactly this scope, ascending by code units. */
  list(command: ArtifactScope, signal?: AbortSignal): Promise<string[]>;
  /** Ascending. */
  versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]>;
  /** All versions of a name; everything of a session; everything of a user. Silent when absent. */
  erase(
    command: ArtifactKey | (ArtifactScope & { filename?: never; everything: true }),
    signal?: AbortSignal,
  ): Promise<void>;
  /** Copies the given versions of one session to another, numbers kept. */
  copy?(
    command: {
      appName: string;
      userId: string;
      from: string;
      to: string;
      versions: { filename: string; version: number }[];
    },
    signal?: AbortSignal,
  ): Promise<void>;
  /** A URL that gives the bytes of one version for a while. */
  sign?(
    command: ArtifactKey & { version: number; expiresInMs: number },
    signal?: AbortSignal,
  ): Promise<string | undefined>;
  beginUpload?(
    command: ArtifactKey & { mimeType: string; maxBytes: number; expiresInMs: number },
    signal?: AbortSignal,
  ): Promise<{ url: string; method: string; headers: Record<string, string>; uploadId: string }>;
  completeUpload?(
    command: ArtifactKey & { uploadId: string; metadata: ArtifactMetadata; maxBytes?: number },
    signal?: AbortSignal,
  ): Promise<StoredVersion>;
  /** Removes bytes that no version names and that are older than this. @returns how many. */
  purge?(command: { olderThanMs: number }, signal?: AbortSignal): Promise<number>;
  check?(signal?: AbortSignal): Promise<{ problems: { code: string; message: string }[] }>;
}
