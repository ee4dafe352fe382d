import { createHash, randomUUID } from "node:crypto";
import {
  AdkError,
  inParallel,
  type ArtifactMetadata,
  type BeginUploadCommand,
  type CompleteUploadCommand,
  type PendingUpload,
  type StoredVersion,
} from "@adk/core";
import type { BucketRequests, ObjectHead } from "./bucket-requests.ts";
import { FIRST, type Keys, type Position } from "./keys.ts";
import { DEFAULT_TYPE, signUpload } from "./presigner.ts";
import { readBody } from "./read-body.ts";
import type { RequestContext } from "./request-context.ts";
import type { Saver } from "./saver.ts";
import { readTerms, type UploadTerms } from "./upload-terms.ts";
import { isEnded, isOf, next, type VersionLog } from "./version-log.ts";
import { type FoundVersion, readVersion, toStoredVersion } from "./versions.ts";

/** Bytes that a client sends to the bucket by itself: a blob, which a version names when the upload is completed. */
export class Uploads {
  readonly #context: RequestContext;
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #log: VersionLog;
  readonly #saver: Saver;

  constructor(
    context: RequestContext,
    bucket: BucketRequests,
    keys: Keys,
    log: VersionLog,
    saver: Saver,
  ) {
    this.#context = context;
    this.#bucket = bucket;
    this.#keys = keys;
    this.#log = log;
    this.#saver = saver;
  }

  /** The URL takes one upload: what was sent is not written over, also not after it was completed. */
  async begin(command: BeginUploadCommand): Promise<PendingUpload> {
    const uploadId = randomUUID();
    const { maxBytes, mimeType, expiresInMs } = command;
    const upload = { key: this.#keys.blob(command, uploadId), maxBytes, mimeType };
    const { url, headers } = await signUpload(this.#context, upload, expiresInMs);
    return { url, method: "PUT", headers, uploadId };
  }

  async complete(
    command: CompleteUploadCommand,
    signal?: AbortSignal,
  ): Promise<StoredVersion | undefined> {
    const { uploadId } = command;
    const key = this.#keys.blob(command, uploadId);
    const blob = await this.#bucket.head(key, signal);
    if (!blob) return undefined;
    const terms = checkedTerms(command, blob);
    // In this order: whoever completes it at the same time is found, or met at that place.
    const newest = await this.#log.newest(command, signal);
    const completed = await this.#findCompleted(command, blob, signal);
    if (completed === "deleted") return undefined;
    if (completed) {
      const { position, found } = completed;
      await this.#log.confirm(command, position, found.record, signal);
      return toStoredVersion(this.#bucket, position, found);
    }
    const metadata = await this.#checked(command, blob, terms, signal);
    const from = newest ? next(newest.position, newest.isDeleted) : FIRST;
    const record = { metadata, blob: uploadId };
    this.#saver.underWay.add(key);
    try {
      return await this.#saver.publish(command, uploadId, record, signal, { from });
    } finally {
      this.#saver.underWay.delete(key);
    }
  }

  /** The version that this upload has become: one that is not older than its bytes. Its bytes may be there for a moment more. */
  async #findCompleted(
    command: CompleteUploadCommand,
    blob: ObjectHead,
    signal?: AbortSignal,
  ): Promise<{ position: Position; found: FoundVersion } | "deleted" | undefined> {
    const taken = await this.#log.taken(command, signal);
    const later = taken.filter(({ size, modified }) => size > 0 && modified >= blob.modified);
    const versions = await inParallel(later, async ({ key, position }) => {
      const found = await readVersion(this.#bucket, key, signal);
      return found && isOf(found.head.metadata, command.uploadId) ? { position, found } : undefined;
    });
    const completed = versions.find((version) => version !== undefined);
    return completed && isEnded(completed.position, taken) ? "deleted" : completed;
  }

  /** @throws AdkError `ARTIFACT_TOO_LARGE`, `ARTIFACT_CORRUPT` */
  async #checked(
    command: CompleteUploadCommand,
    { key, size }: ObjectHead,
    terms: UploadTerms,
    signal?: AbortSignal,
  ): Promise<ArtifactMetadata> {
    const { metadata, uploadId } = command;
    const maxBytes = Math.min(terms.maxBytes, command.maxBytes ?? Infinity);
    if (size > maxBytes) {
      const whose = maxBytes === terms.maxBytes ? "the upload's" : "the service's";
      throw new AdkError(
        "ARTIFACT_TOO_LARGE",
        `Upload ${uploadId} has ${size} bytes, more than ${maxBytes}. Send less, or raise ${whose} \`maxBytes\` and begin another.`,
        { details: { uploadId, size, maxBytes } },
      );
    }
    if (metadata.size !== undefined && metadata.size !== size)
      throw new AdkError(
        "ARTIFACT_CORRUPT",
        `Upload ${uploadId} has ${size} bytes instead of ${metadata.size}. Begin another upload and send them again.`,
        { details: { uploadId, size, expected: metadata.size } },
      );
    const sha256 = await this.#hash(key, size, signal);
    if (metadata.sha256 !== undefined && metadata.sha256 !== sha256)
      throw new AdkError(
        "ARTIFACT_CORRUPT",
        `Upload ${uploadId} does not have the checksum that was given. Begin another upload and send the bytes again.`,
        { details: { uploadId } },
      );
    const mimeType = terms.mimeType ?? metadata.mimeType ?? DEFAULT_TYPE;
    return { ...metadata, mimeType, size, sha256 };
  }

  async #hash(key: string, size: number, signal?: AbortSignal): Promise<string> {
    const hash = createHash("sha256");
    await using body = readBody(this.#bucket, { key, start: 0, end: size, signal });
    for await (const chunk of body.chunks) hash.update(chunk);
    return hash.digest("hex");
  }
}

/** @throws AdkError `INVALID_ARGUMENT` when the upload was begun with another type. */
function checkedTerms(
  { uploadId, metadata }: CompleteUploadCommand,
  blob: ObjectHead,
): UploadTerms {
  const terms = readTerms(blob);
  const { mimeType = metadata.mimeType } = terms;
  if (metadata.mimeType === undefined || metadata.mimeType === mimeType) return terms;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `Upload ${uploadId} was created with the type ${mimeType}, not ${metadata.mimeType}. Leave \`mimeType\` out, or create another upload.`,
    { details: { uploadId, mimeType } },
  );
}
