import { type ArtifactKey, type SaveCommand, type StoredVersion } from "@adk/core";
import { randomUUID } from "node:crypto";
import type { BucketRequests } from "./bucket-requests.ts";
import { encodeSegment, decodeSegment, type Keys, type Position } from "./keys.ts";
import { fill, uploadStream } from "./multipart.ts";
import { beingPurged, fateOf } from "./purge-mark.ts";
import { whileItMayStand } from "./errors.ts";
import { recordHeaders, recordObject, type VersionRecord } from "./record.ts";
import type { Entry, VersionLog } from "./version-log.ts";
import { erasedMeanwhile, readVersion, toStoredVersion } from "./versions.ts";

/** One PUT of what is small, parts of what is not; then the version, with its bytes in it or leading to them. */
export class Saver {
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #log: VersionLog;
  readonly #partBytes: number;
  /** Keys of blobs that this process is about to publish: its own purges leave them alone. */
  readonly underWay: Set<string> = new Set();

  constructor(bucket: BucketRequests, keys: Keys, log: VersionLog, partBytes: number) {
    this.#bucket = bucket;
    this.#keys = keys;
    this.#log = log;
    this.#partBytes = partBytes;
  }

  async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    const { writeId, body, metadata } = command;
    const stored = await this.#log.find(command, writeId, signal);
    if (stored) return await this.#read(command, stored, signal);
    if (body.bytes && body.bytes.length <= this.#partBytes)
      return await this.#saveBytes(command, body.bytes, signal);
    const chunks = body[Symbol.asyncIterator]();
    let isEnd = false;
    try {
      const memory = Buffer.allocUnsafeSlow(this.#partBytes);
      const first = await fill(memory, new Uint8Array(0), chunks);
      ({ isEnd } = first);
      if (isEnd) return await this.#saveBytes(command, first.part, signal);
      // Of this try alone: an erasure, or a purge, may be about to remove that of an earlier one.
      const blob = randomUUID();
      const target = {
        key: this.#keys.blob(command, blob),
        contentType: metadata.mimeType,
        partBytes: this.#partBytes,
      };
      this.underWay.add(target.key);
      try {
        await uploadStream(this.#bucket, target, first, chunks, signal);
        isEnd = true;
        return await this.publish(command, writeId, this.#recordOf(command, blob), signal);
      } finally {
        this.underWay.delete(target.key);
      }
    } finally {
      if (!isEnd) await chunks.return?.();
    }
  }

  /**
   * Makes a blob that is there the next version. When an erasure or a purge was faster, the version is taken back.
   *
   * @param shared of an upload, which others may be completing: where to begin.
   */
  async publish(
    key: ArtifactKey,
    writeId: string,
    record: VersionRecord,
    signal?: AbortSignal,
    shared?: { readonly from: Position },
  ): Promise<StoredVersion> {
    const named = this.#withName(key, record);
    const position = await this.#log.append(
      key,
      writeId,
      recordObject(writeId, named),
      signal,
      shared?.from,
    );
    const blob = this.#keys.blob(key, record.blob ?? "");
    // The answer to a PUT does not say when the server thinks it was.
    const head = { key: this.#keys.version(key, position), modified: Date.now() };
    const isKept = await whileItMayStand(async () => {
      const fate = await fateOf(this.#bucket, blob, signal);
      if (fate === "kept") return true;
      // It may have been acknowledged to another that completes the same upload. The purge takes it back, or leaves its bytes.
      if (shared && fate === "marked") throw beingPurged(this.#bucket);
      await this.#log.takeBack(key, position, record.blob ?? "");
      return false;
    });
    if (isKept) return toStoredVersion(this.#bucket, position, { head, record: named });
    throw erasedMeanwhile(this.#bucket);
  }

  async #saveBytes(
    command: SaveCommand,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<StoredVersion> {
    const { writeId } = command;
    const record = this.#withName(command, this.#recordOf(command, undefined));
    const headers = bytes.length > 0 ? recordHeaders(writeId, record) : undefined;
    if (!headers && bytes.length > 0) return await this.#saveBeside(command, bytes, signal);
    const entry: Entry = headers
      ? {
          body: bytes,
          metadata: headers,
          contentType: record.metadata.mimeType,
          sha256: record.metadata.sha256,
        }
      : recordObject(writeId, record);
    const position = await this.#log.append(command, writeId, entry, signal);
    const head = { key: this.#keys.version(command, position), modified: Date.now() };
    return toStoredVersion(this.#bucket, position, { head, record });
  }

  /** Bytes whose record is too large for headers: a blob, and the record as the version. */
  async #saveBeside(
    command: SaveCommand,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<StoredVersion> {
    const { writeId, metadata, body } = command;
    const blob = randomUUID();
    const key = this.#keys.blob(command, blob);
    this.underWay.add(key);
    try {
      const { sha256 } = body;
      await this.#bucket.put({ key, body: bytes, contentType: metadata.mimeType, sha256, signal });
      return await this.publish(command, writeId, this.#recordOf(command, blob), signal);
    } finally {
      this.underWay.delete(key);
    }
  }

  /** Size and checksum are known by now: the body was read to its end. */
  #recordOf({ body, metadata }: SaveCommand, blob: string | undefined): VersionRecord {
    const { size, sha256 } = body;
    return { metadata: { ...metadata, size, sha256 }, ...(blob !== undefined && { blob }) };
  }

  #withName(key: ArtifactKey, record: VersionRecord): VersionRecord {
    const isHashed = decodeSegment(encodeSegment(key.filename)) === undefined;
    return isHashed ? { ...record, filename: key.filename } : record;
  }

  async #read(key: ArtifactKey, position: Position, signal?: AbortSignal): Promise<StoredVersion> {
    const found = await readVersion(this.#bucket, this.#keys.version(key, position), signal);
    if (!found) throw erasedMeanwhile(this.#bucket);
    await this.#log.confirm(key, position, found.record, signal);
    return toStoredVersion(this.#bucket, position, found);
  }
}
