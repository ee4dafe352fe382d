import type { ByteSource } from "./byte-source.ts";

/**
 * What an artifact adapter writes: bytes and versions. Names, parts, limits, checksums and references are the service's.
 *
 * As with sessions: commands may be repeated, expected outcomes are values, only the driver's failures are thrown. A command
 * whose signal has fired rejects with `ABORTED`.
 */
export interface ArtifactStore extends AsyncDisposable {
  /**
   * Stores the next version, 0 for the first; twenty savers at once get twenty. No reader sees half of one.
   *
   * A save whose `writeId` is there already gives that version again. When reading `body` fails, nothing is stored and its
   * error is thrown unchanged.
   */
  save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion>;
  /** `undefined` when there is no such name or version. */
  open(command: OpenCommand, signal?: AbortSignal): Promise<OpenedArtifact | undefined>;
  /** Names of exactly this scope, ascending by code units, each once. */
  list(command: ArtifactScope, signal?: AbortSignal): Promise<string[]>;
  /** Ascending. */
  versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]>;
  /** All versions of a name, or everything of a session, or (without `sessionId`) of a user. Silent when absent. */
  erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void>;
  /**
   * Copies versions of one session to another, numbers kept. All or none.
   *
   * @throws AdkError `ARTIFACT_CONFLICT` when the other session has another version of that number.
   */
  copy?(command: CopyCommand, signal?: AbortSignal): Promise<void>;
  /** A URL that gives the bytes of one version for a while. Not asked for versions of `kind: "file"`. */
  sign?(command: SignCommand, signal?: AbortSignal): Promise<string | undefined>;
  /** A URL to which a client may send bytes that no reader sees before `completeUpload`. */
  beginUpload?(command: BeginUploadCommand, signal?: AbortSignal): Promise<PendingUpload>;
  /**
   * Publishes what was uploaded as the next version; repeated under one `uploadId` it gives that version again.
   *
   * `undefined` when nothing was uploaded. Size and checksum are counted where `metadata` has none; the type is the one that the
   * upload was begun with, else that of `metadata`, else `application/octet-stream`.
   *
   * @throws AdkError `ARTIFACT_TOO_LARGE` (more than the upload's `maxBytes`, or the command's), `ARTIFACT_CORRUPT` (not the size or
   * checksum that `metadata` says), `INVALID_ARGUMENT` (another type than the upload was begun with).
   */
  completeUpload?(
    command: CompleteUploadCommand,
    signal?: AbortSignal,
  ): Promise<StoredVersion | undefined>;
  /** Removes bytes that no version names and that are older than this. @returns how many. */
  purge?(command: { olderThanMs: number }, signal?: AbortSignal): Promise<number>;
  /**
   * Looks whether the set-up is fit, by using it, and leaves nothing behind. What it finds is reported, all of it: a right that is
   * missing, a server or disk that lacks what versions need.
   *
   * @throws AdkError only what keeps it from looking at all: `UNAVAILABLE` and `TIMEOUT` (no answer), `PERMISSION_DENIED` (credentials
   * that are not accepted), `MISCONFIGURED` (no such server, bucket or folder), `ABORTED`.
   */
  check?(signal?: AbortSignal): Promise<ArtifactStoreReport>;
}

/** Names one artifact. Without `sessionId` it belongs to the user and is seen from all sessions. */
export interface ArtifactKey {
  appName: string;
  userId: string;
  sessionId?: string;
  /** Without the `user:` prefix. Any 1–512 byte string: `../../etc/passwd` is a name like any other. */
  filename: string;
}

/** The names of one session, or (without `sessionId`) those that belong to the user. */
export interface ArtifactScope {
  appName: string;
  userId: string;
  sessionId?: string;
}

/** What stands beside the bytes. Small, and JSON throughout, so that object stores can keep it as metadata. */
export interface ArtifactMetadata {
  /** What the bytes are: the data of an `inlineData` part, the text of a `text` part, or nothing beside a `fileData` reference. */
  kind: "data" | "text" | "file";
  mimeType?: string;
  displayName?: string;
  /** Of `kind: "file"`. */
  fileUri?: string;
  /** Lower-case hex of the SHA-256 of the bytes. */
  sha256: string;
  /** In bytes. */
  size: number;
  custom?: Record<string, unknown>;
}

/** One version, without its bytes. */
export interface StoredVersion {
  version: number;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  createTime: number;
  metadata: ArtifactMetadata;
  /** Where the bytes are, for people and logs: `memory://…`, `s3://…`, `file://…`. */
  canonicalUri: string;
}

/** The next version of a name. */
export interface SaveCommand extends ArtifactKey {
  /** Made by the service: a repeated save finds its own version. */
  writeId: string;
  /** Its `size` and `sha256`, known once it was read to its end, complete `metadata`. */
  body: ByteSource;
  metadata: Omit<ArtifactMetadata, "size" | "sha256">;
}

/** The bytes of a version, or a range of them. */
export interface OpenCommand extends ArtifactKey {
  /** The latest when absent. */
  version?: number;
  /** Bytes from `start` up to and without `end`, as far as there are any. An empty range asks for the record alone. */
  range?: { start: number; end?: number };
}

/** Disposing it frees what a body that was not read to its end still holds. */
export interface OpenedArtifact extends StoredVersion, AsyncDisposable {
  body: AsyncIterable<Uint8Array>;
}

/** One name, or all that one session or one user has. */
export type EraseArtifactsCommand =
  | ArtifactKey
  | (ArtifactScope & { filename?: never; everything: true });

/** Versions of one session, to be copied to another of the same user. */
export interface CopyCommand {
  appName: string;
  userId: string;
  /** Session ids. */
  from: string;
  to: string;
  versions: {
    filename: string;
    version: number;
    /** In place of the version's own: a reference that now points into the other session. */
    fileUri?: string;
  }[];
}

/** A URL for one version. `expiresInMs` in milliseconds from now. */
export interface SignCommand extends ArtifactKey {
  version: number;
  expiresInMs: number;
}

/**
 * A place for bytes that a client sends by itself. `expiresInMs` in milliseconds from now, `maxBytes` in bytes.
 *
 * `mimeType` and `maxBytes` hold for the upload, whoever completes it: the store keeps them where the client cannot change them.
 */
export interface BeginUploadCommand extends ArtifactKey {
  /** Absent: it is said when the upload is completed. */
  mimeType?: string;
  maxBytes: number;
  expiresInMs: number;
}

/** How a client sends the bytes: one HTTP request with this method and these headers. */
export interface PendingUpload {
  url: string;
  method: string;
  headers: Record<string, string>;
  uploadId: string;
}

/** Makes what was uploaded the next version. `maxBytes` in bytes: the least of it and the upload's own holds. */
export interface CompleteUploadCommand extends ArtifactKey {
  uploadId: string;
  /** Without `mimeType` when none was given. */
  metadata: Omit<ArtifactMetadata, "size" | "sha256"> & { size?: number; sha256?: string };
  maxBytes?: number;
}

/** What is misconfigured, in words for an administrator; empty when all is well. */
export interface ArtifactStoreReport {
  problems: { code: string; message: string }[];
}
