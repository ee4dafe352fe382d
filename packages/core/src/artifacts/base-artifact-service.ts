import type { Part } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { checkId } from "../internal/check-id.ts";
import {
  checkMembers,
  checkOptions,
  checkStore,
  having,
  integer,
  type OptionCheck,
} from "../internal/check-options.ts";
import { checkSignal } from "../internal/check-signal.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { type IdSource, randomId } from "../internal/ids.ts";
import { addCustomMetadata } from "./custom-metadata.ts";
import { checkArtifactScope, toArtifactKey, toUserName, toVersionKey } from "./artifact-name.ts";
import { isArtifactReference, resolveReference } from "./artifact-reference.ts";
import type {
  ArtifactKey,
  ArtifactStore,
  ArtifactStoreReport,
  PendingUpload,
} from "./artifact-store.ts";
import { bytesSource, type ByteSource, streamSource, tooLarge } from "./byte-source.ts";
import { checkWholeNumber } from "./check-whole-number.ts";
import { collectBytes } from "./collect-bytes.ts";
import { openFollowed } from "./open-followed.ts";
import { optionalCommand } from "./optional-command.ts";
import { decodePart, encodePart, fileMetadata, type PartMetadata } from "./part-codec.ts";
import { ARTIFACT_REQUEST_MEMBERS, type ArtifactRequestMethod } from "./request-members.ts";
import type * as requests from "./requests.ts";
import { retryUnavailable } from "./retry-unavailable.ts";
import { toArtifactVersion } from "./to-artifact-version.ts";
import { verifiedBody } from "./verified-body.ts";
import { versionsToCopy } from "./versions-to-copy.ts";

/** Options of every artifact service. */
export interface BaseArtifactServiceOptions {
  /** The most bytes one version may have. @defaultValue 1,073,741,824 (1 GiB) */
  maxBytes?: number | undefined;
  /** The most bytes that `customMetadata` and `displayName` may have as JSON. @defaultValue 2,048 */
  maxMetadataBytes?: number | undefined;
  /** How often a command is tried that the store does not answer, the first time included. @defaultValue 4 */
  maxAttempts?: number | undefined;
  clock?: Clock | undefined;
  newId?: IdSource | undefined;
}

const OPTIONS: Record<keyof BaseArtifactServiceOptions, OptionCheck> = {
  maxBytes: integer(1),
  maxMetadataBytes: integer(0),
  maxAttempts: integer(1),
  clock: having("a clock with now() and after()", "now", "after"),
  newId: "function",
};

/** What every store can do. */
const STORE_METHODS = [
  "save",
  "open",
  "list",
  "versions",
  "erase",
] as const satisfies readonly (keyof ArtifactStore)[];

const FIFTEEN_MINUTES_MS = 900_000;
const ONE_DAY_MS = 86_400_000;

/**
 * Files of sessions and users, in versions 0, 1, 2 … that never change.
 *
 * A name with `user:` in front belongs to the user and is seen from all of the user's sessions; any other belongs to one
 * session. After `deleteArtifact` versions start again at 0. The bytes are kept by the store given to the constructor;
 * adapters are this class with their store inside.
 */
export class BaseArtifactService implements AsyncDisposable {
  readonly #store: ArtifactStore;
  readonly #maxBytes: number;
  readonly #maxMetadataBytes: number;
  readonly #newId: IdSource;
  readonly #clock: Clock;
  #closed = false;

  constructor(store: ArtifactStore, options: BaseArtifactServiceOptions = {}) {
    checkStore("An artifact service", store, STORE_METHODS, "new InMemoryArtifactStore()");
    checkOptions("An artifact service", options, OPTIONS);
    const { clock = systemClock, maxAttempts = 4 } = options;
    this.#maxBytes = options.maxBytes ?? 2 ** 30;
    this.#maxMetadataBytes = options.maxMetadataBytes ?? 2_048;
    this.#newId = options.newId ?? randomId;
    this.#clock = clock;
    this.#store = retryUnavailable(store, { clock, maxAttempts });
  }

  /**
   * Saves a part as the next version of its name. @returns the version, 0 for the first.
   *
   * @throws {@link AdkError} `INVALID_ARGUMENT` for what is not a part with data, text or a file; `ARTIFACT_NAME_INVALID`,
   * `ARTIFACT_TOO_LARGE`, `METADATA_TOO_LARGE`. Nothing was written then.
   */
  async saveArtifact(request: requests.SaveArtifactRequest): Promise<number> {
    const key = this.#begin("saveArtifact", request, toArtifactKey);
    const { bytes, metadata } = encodePart(request.artifact);
    if (bytes.length > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (metadata.fileUri !== undefined && isArtifactReference(metadata.fileUri))
      resolveReference(metadata.fileUri, request);
    addCustomMetadata(metadata, request.customMetadata, this.#maxMetadataBytes);
    return await this.#save(key, await bytesSource(bytes), metadata, request.signal);
  }

  /** Saves bytes of any length without holding them: as {@link saveArtifact} does with a part. */
  async saveArtifactStream(request: requests.SaveArtifactStreamRequest): Promise<number> {
    const key = this.#begin("saveArtifactStream", request, toArtifactKey);
    const { body, mimeType, displayName, customMetadata, signal } = request;
    if (typeof body?.[Symbol.asyncIterator] !== "function")
      throw new AdkError(
        "INVALID_ARGUMENT",
        "`body` is no stream. Give it a ReadableStream or another async iterable of Uint8Array.",
      );
    const metadata = fileMetadata("data", mimeType, displayName);
    addCustomMetadata(metadata, customMetadata, this.#maxMetadataBytes);
    const source = streamSource(body, { maxBytes: this.#maxBytes, signal, clock: this.#clock });
    return await this.#save(key, source, metadata, signal);
  }

  /**
   * The part as it was saved, bytes as base64; `undefined` when there is no such name or version, or it was removed.
   *
   * References to other artifacts (`artifact://…`) are followed.
   *
   * @throws {@link AdkError} `ARTIFACT_CORRUPT` when the bytes are not those saved; `INVALID_ARGUMENT` for a reference that
   * leads out of its scope or never ends.
   */
  async loadArtifact(request: requests.LoadArtifactRequest): Promise<Part | undefined> {
    const key = this.#begin("loadArtifact", request, toVersionKey);
    const opened = await openFollowed(this.#store, key, request);
    if (!opened) return undefined;
    await using artifact = opened.artifact;
    return decodePart(artifact.metadata, await collectBytes(verifiedBody(artifact)));
  }

  /** The bytes of a version as a stream, or a range of them; `undefined` as in {@link loadArtifact}. */
  async openArtifact(
    request: requests.OpenArtifactRequest,
  ): Promise<requests.OpenArtifactResponse | undefined> {
    const key = this.#begin("openArtifact", request, toVersionKey);
    const range = request.range && checkRange(request.range);
    const opened = await openFollowed(this.#store, key, request, range);
    if (!opened) return undefined;
    const { artifact } = opened;
    const { fileUri } = artifact.metadata;
    return {
      ...toArtifactVersion(artifact),
      ...(fileUri !== undefined && { fileUri }),
      body: range ? artifact.body : verifiedBody(artifact),
      [Symbol.asyncDispose]: () => artifact[Symbol.asyncDispose](),
    };
  }

  /** Names of the session's artifacts and, with their prefix, of the user's; ascending by code units. */
  async listArtifactKeys(request: requests.ListArtifactKeysRequest): Promise<string[]> {
    const { appName, userId, sessionId } = this.#begin(
      "listArtifactKeys",
      request,
      checkArtifactScope,
    );
    const { signal } = request;
    const [users, sessions] = await Promise.all([
      this.#store.list({ appName, userId }, signal),
      sessionId === undefined ? [] : this.#store.list({ appName, userId, sessionId }, signal),
    ]);
    return [...users.map(toUserName), ...sessions].toSorted();
  }

  /** Removes all versions of a name; silent when there are none. */
  async deleteArtifact(request: requests.DeleteArtifactRequest): Promise<void> {
    await this.#store.erase(this.#begin("deleteArtifact", request, toArtifactKey), request.signal);
  }

  /** Ascending. */
  async listVersions(request: requests.ListVersionsRequest): Promise<number[]> {
    const key = this.#begin("listVersions", request, toArtifactKey);
    const versions = await this.#store.versions(key, request.signal);
    return versions.map(({ version }) => version);
  }

  /** Ascending. */
  async listArtifactVersions(
    request: requests.ListVersionsRequest,
  ): Promise<requests.ArtifactVersion[]> {
    const key = this.#begin("listArtifactVersions", request, toArtifactKey);
    const versions = await this.#store.versions(key, request.signal);
    return versions.map(toArtifactVersion);
  }

  /** What is known of the latest or the given version; of a reference, not of what it leads to. */
  async getArtifactVersion(
    request: requests.LoadArtifactRequest,
  ): Promise<requests.ArtifactVersion | undefined> {
    const command = { ...this.#begin("getArtifactVersion", request, toVersionKey), range: NOTHING };
    await using artifact = await this.#store.open(command, request.signal);
    return artifact && toArtifactVersion(artifact);
  }

  /** Removes what belongs to one session; the user's own artifacts stay. */
  async deleteSessionArtifacts(request: requests.DeleteSessionArtifactsRequest): Promise<void> {
    const { appName, userId } = this.#begin("deleteSessionArtifacts", request, checkArtifactScope);
    checkId("sessionId", request.sessionId);
    const { sessionId, signal } = request;
    await this.#store.erase({ appName, userId, sessionId, everything: true }, signal);
  }

  /** Removes everything of a user, the artifacts of all sessions included. */
  async deleteUserArtifacts(request: requests.DeleteUserArtifactsRequest): Promise<void> {
    const { appName, userId } = this.#begin("deleteUserArtifacts", request, checkArtifactScope);
    await this.#store.erase({ appName, userId, everything: true }, request.signal);
  }

  /**
   * Copies a session's artifacts to another session of the user, before it is forked; versions keep their numbers.
   * References to the session's own artifacts lead to the copies.
   *
   * @throws {@link AdkError} `ARTIFACT_CONFLICT` when the other session has another version of that number.
   */
  async copySessionArtifacts(request: requests.CopySessionArtifactsRequest): Promise<void> {
    const { appName, userId } = this.#begin("copySessionArtifacts", request, checkArtifactScope);
    const { sessionId: from, newSessionId: to, signal } = request;
    checkId("sessionId", from);
    checkId("newSessionId", to);
    const copy = optionalCommand(this.#store, "copy");
    const versions = await versionsToCopy(this.#store, request);
    if (versions.length > 0) await copy({ appName, userId, from, to, versions }, signal);
  }

  /**
   * A URL that gives the bytes of a version to whoever has it, for a while; `undefined` when there is no such version, it
   * was removed, or it is a reference to a file elsewhere.
   *
   * @throws {@link AdkError} `UNSUPPORTED` where the store has no URLs.
   */
  async getArtifactUrl(request: requests.GetArtifactUrlRequest): Promise<string | undefined> {
    const key = this.#begin("getArtifactUrl", request, toVersionKey);
    const { expiresInMs = FIFTEEN_MINUTES_MS } = request;
    checkWholeNumber("expiresInMs", expiresInMs, 1);
    const sign = optionalCommand(this.#store, "sign");
    const opened = await openFollowed(this.#store, key, request, NOTHING);
    if (!opened) return undefined;
    await using artifact = opened.artifact;
    if (artifact.metadata.kind === "file") return undefined;
    return await sign({ ...opened.key, version: artifact.version, expiresInMs }, request.signal);
  }

  /**
   * A URL to which a client sends bytes past this process; {@link completeArtifactUpload} makes them a version.
   *
   * `mimeType` and `maxBytes` go with the upload: they hold whoever completes it. A limit above the service's `maxBytes` is the
   * service's.
   *
   * @throws {@link AdkError} `UNSUPPORTED` where the store has no URLs.
   */
  async createArtifactUpload(
    request: requests.CreateArtifactUploadRequest,
  ): Promise<PendingUpload> {
    const key = this.#begin("createArtifactUpload", request, toArtifactKey);
    const { mimeType, maxBytes = this.#maxBytes, expiresInMs = FIFTEEN_MINUTES_MS } = request;
    const command = {
      ...key,
      ...(mimeType && { mimeType: fileMetadata("data", mimeType, undefined).mimeType as string }),
      maxBytes: Math.min(checkWholeNumber("maxBytes", maxBytes, 1), this.#maxBytes),
      expiresInMs: checkWholeNumber("expiresInMs", expiresInMs, 1),
    };
    return await optionalCommand(this.#store, "beginUpload")(command, request.signal);
  }

  /**
   * Publishes uploaded bytes as the next version. @returns the version; the same one when it is repeated.
   *
   * @throws {@link AdkError} `FAILED_PRECONDITION` when nothing was uploaded; `ARTIFACT_TOO_LARGE` when it is more than the upload
   * or the service may have; `ARTIFACT_CORRUPT` when size or checksum are not those given; `INVALID_ARGUMENT` when the upload
   * was created with another `mimeType`.
   */
  async completeArtifactUpload(request: requests.CompleteArtifactUploadRequest): Promise<number> {
    const key = this.#begin("completeArtifactUpload", request, toArtifactKey);
    const { uploadId, mimeType, displayName, customMetadata, sha256, size, signal } = request;
    checkId("uploadId", uploadId);
    const metadata = fileMetadata("data", mimeType, displayName);
    // What the upload was created with is not known here: the store says what it has without one.
    if (!mimeType) delete metadata.mimeType;
    addCustomMetadata(metadata, customMetadata, this.#maxMetadataBytes);
    if (sha256 !== undefined && (typeof sha256 !== "string" || !/^[0-9a-f]+$/.test(sha256)))
      throw new AdkError("INVALID_ARGUMENT", "`sha256` is no checksum. Give it in lower-case hex.");
    const expected = {
      ...(sha256 !== undefined && { sha256 }),
      ...(size !== undefined && { size: checkWholeNumber("size", size) }),
    };
    const stored = await optionalCommand(this.#store, "completeUpload")(
      { ...key, uploadId, metadata: { ...metadata, ...expected }, maxBytes: this.#maxBytes },
      signal,
    );
    if (stored) return stored.version;
    throw new AdkError(
      "FAILED_PRECONDITION",
      `Nothing was uploaded for upload ${uploadId}. Send the bytes to its URL first, before it expires.`,
    );
  }

  /** Removes bytes that failed saves and forgotten uploads have left behind. @returns how many. */
  async purgeOrphans(request: requests.PurgeOrphansRequest = {}): Promise<number> {
    this.#begin("purgeOrphans", request);
    const olderThanMs = checkWholeNumber("olderThanMs", request.olderThanMs ?? ONE_DAY_MS);
    return await optionalCommand(this.#store, "purge")({ olderThanMs }, request.signal);
  }

  /**
   * What is wrong with the backend's set-up, found by using it; nothing when it is fit. Call it once with every new one.
   *
   * What it finds is reported, all of it: a right that is missing, a server or disk that lacks what versions need.
   *
   * @throws {@link AdkError} only what keeps it from looking at all: `UNAVAILABLE` and `TIMEOUT` when nobody answers, `PERMISSION_DENIED`
   * when the credentials are not accepted, `MISCONFIGURED` when there is no such server, bucket or folder; `UNSUPPORTED` when
   * the store has nothing to look at.
   */
  async check(request: { signal?: AbortSignal | undefined } = {}): Promise<ArtifactStoreReport> {
    this.#begin("check", request);
    return await optionalCommand(this.#store, "check")(request.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#store[Symbol.asyncDispose]();
  }

  /** Checks what every call needs: an open service, a request, a signal that has not fired. */
  #begin<Request extends { signal?: AbortSignal | undefined }, Result = void>(
    method: ArtifactRequestMethod,
    request: Request,
    check?: (request: Request) => Result,
  ): Result {
    if (this.#closed)
      throw new AdkError(
        "CLOSED",
        "The artifact service is closed. Make another, or close it later.",
      );
    if (typeof request !== "object" || request === null)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "The request is missing. Pass one object: { appName, userId, sessionId, filename, … }.",
      );
    checkMembers(method, request, ARTIFACT_REQUEST_MEMBERS[method]);
    const result = check?.(request) as Result;
    checkSignal(request.signal);
    return result;
  }

  async #save(
    key: ArtifactKey,
    body: ByteSource,
    metadata: PartMetadata,
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const command = { ...key, writeId: this.#newId(), body, metadata };
    const { version } = await this.#store.save(command, signal);
    return version;
  }
}

/** Asks the store for a version's record without its bytes. */
const NOTHING = { start: 0, end: 0 };

function checkRange(range: { start: number; end?: number | undefined }): {
  start: number;
  end?: number;
} {
  const start = checkWholeNumber("range.start", range.start);
  if (range.end === undefined) return { start };
  return { start, end: checkWholeNumber("range.end", range.end, start) };
}
