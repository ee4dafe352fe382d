import type { Part } from "../content/content.ts";
import type { Cancellable } from "../sessions/requests.ts";

/** Whose artifacts. `sessionId` is needed for names without the `user:` prefix. */
export interface ArtifactScopeRequest extends Cancellable {
  appName: string;
  userId: string;
  sessionId?: string | undefined;
}

/** One artifact by its name; `user:` in front makes it the user's, seen from all of the user's sessions. */
export interface ArtifactNameRequest extends ArtifactScopeRequest {
  filename: string;
}

/** An `inlineData` part whose bytes are not written as base64. */
export interface BytesPart {
  inlineData: { data: Uint8Array; mimeType?: string; displayName?: string };
}

/** The next version of a name. */
export interface SaveArtifactRequest extends ArtifactNameRequest {
  /** Exactly one of `inlineData` (base64, base64url or bytes), `text` and `fileData`; other members are not kept. */
  artifact: Part | BytesPart;
  /** JSON; see `maxMetadataBytes`. */
  customMetadata?: Record<string, unknown> | undefined;
}

/** One version of a name. */
export interface LoadArtifactRequest extends ArtifactNameRequest {
  /** The latest when absent. */
  version?: number | undefined;
}

/** Whose names: the user's, and with `sessionId` the session's too. */
export type ListArtifactKeysRequest = ArtifactScopeRequest;
/** The name whose versions are removed. */
export type DeleteArtifactRequest = ArtifactNameRequest;
/** The name whose versions are listed. */
export type ListVersionsRequest = ArtifactNameRequest;

/** What is known of one version besides its bytes. */
export interface ArtifactVersion {
  version: number;
  /** Where it is, for people and logs; loads go by name and version. */
  canonicalUri: string;
  /** `{}` when none was given. */
  customMetadata: Record<string, unknown>;
  /** Milliseconds since the Unix epoch, by the store's clock. */
  createTime: number;
  /** `text/plain` of a text. */
  mimeType?: string;
  displayName?: string;
  /** In bytes; 0 of a reference. */
  size: number;
}

/** The session whose artifacts are removed. */
export interface DeleteSessionArtifactsRequest extends Cancellable {
  appName: string;
  userId: string;
  sessionId: string;
}

/** The user whose artifacts are removed. */
export interface DeleteUserArtifactsRequest extends Cancellable {
  appName: string;
  userId: string;
}

/** From one session of a user to another. */
export interface CopySessionArtifactsRequest extends Cancellable {
  appName: string;
  userId: string;
  sessionId: string;
  newSessionId: string;
  /** What to copy. @defaultValue all versions of all names of the session (not the user's: the other session sees them) */
  versions?: { filename: string; version: number }[] | undefined;
}

/** One version of a name, or a range of its bytes. */
export interface OpenArtifactRequest extends LoadArtifactRequest {
  /** Bytes from `start` up to and without `end`. A range is not checked against the checksum. */
  range?: { start: number; end?: number | undefined } | undefined;
}

/** Dispose it (`await using`) when the body may not be read to its end. */
export interface OpenArtifactResponse extends ArtifactVersion, AsyncDisposable {
  /** Of a reference to a file elsewhere, which has no bytes here. */
  fileUri?: string;
  /** To be read once. Fails with `ARTIFACT_CORRUPT`, before its end is seen, when the bytes are not those saved. */
  body: AsyncIterable<Uint8Array>;
}

/** The next version of a name, its bytes as a stream. */
export interface SaveArtifactStreamRequest extends ArtifactNameRequest {
  /** A `ReadableStream`, a Node stream, a generator. */
  body: AsyncIterable<Uint8Array>;
  /** @defaultValue `application/octet-stream` */
  mimeType?: string | undefined;
  displayName?: string | undefined;
  customMetadata?: Record<string, unknown> | undefined;
}

/** One version of a name, and how long its URL is good for, in milliseconds. */
export interface GetArtifactUrlRequest extends LoadArtifactRequest {
  /** @defaultValue 900,000 (15 minutes) */
  expiresInMs?: number | undefined;
}

/** The name that a client will send bytes for. */
export interface CreateArtifactUploadRequest extends ArtifactNameRequest {
  /** What the version will have. @defaultValue the one given at completion */
  mimeType?: string | undefined;
  /** In bytes; more is `ARTIFACT_TOO_LARGE` at completion. More than the service's `maxBytes` counts as that. @defaultValue the service's */
  maxBytes?: number | undefined;
  /** @defaultValue 900,000 (15 minutes) */
  expiresInMs?: number | undefined;
}

/** The upload that becomes the next version of its name. */
export interface CompleteArtifactUploadRequest extends ArtifactNameRequest {
  uploadId: string;
  /** Needs not be repeated. @defaultValue the one the upload was created with, else `application/octet-stream` */
  mimeType?: string | undefined;
  displayName?: string | undefined;
  customMetadata?: Record<string, unknown> | undefined;
  /** Lower-case hex; when given, other bytes are refused with `ARTIFACT_CORRUPT`. */
  sha256?: string | undefined;
  /** In bytes; when given, another size is refused with `ARTIFACT_CORRUPT`. */
  size?: number | undefined;
}

/** How old, in milliseconds, what is removed must be. */
export interface PurgeOrphansRequest extends Cancellable {
  /** @defaultValue 86,400,000 (a day) */
  olderThanMs?: number | undefined;
}
