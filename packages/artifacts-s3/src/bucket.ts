import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { AdkError } from "@adk/core";
import { addCondition } from "./condition.ts";
import { nameOf, statusOf, toAdkError } from "./errors.ts";
import { objectOptions, type ObjectOptions } from "./object-options.ts";
import type { S3ArtifactStoreOptions } from "./store-options.ts";

/** An object without its body. */
export interface ObjectHead {
  readonly key: string;
  /** Of the whole object, in bytes. */
  readonly size: number;
  /** Milliseconds since the Unix epoch, by the server's clock, in whole seconds. */
  readonly modified: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface PutRequest {
  readonly key: string;
  readonly body: Uint8Array;
  readonly contentType?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Hex, for the server to check. */
  readonly sha256?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface ListRequest {
  readonly prefix: string;
  /** What comes after this key. */
  readonly startAfter?: string | undefined;
  /** At most 1,000. */
  readonly maxKeys?: number | undefined;
}

export type ListedObject = Pick<ObjectHead, "key" | "size" | "modified">;

/** One object version, or a delete marker. A bucket that has no versioning calls all of its own `null`. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
}

/** The version of an object that was written while the bucket had no versioning. */
export const NO_VERSION = "null";

export interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
}

export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  /** When it was begun. */
  readonly modified: number;
}

type Signal = AbortSignal | undefined;

/** Of a conditional write that another one is in the way of. */
const MOST_TRIES = 20;
const MOST_PAUSE_MS = 50;

/** The requests that are sent to the bucket, with all options of the store in them; the SDK's errors become ours here. */
export class Bucket {
  readonly client: S3Client;
  readonly name: string;
  readonly options: ObjectOptions;
  readonly owner: { ExpectedBucketOwner?: string };
  readonly conditional: "s3" | "gcs";

  constructor(options: S3ArtifactStoreOptions) {
    this.client = options.client;
    this.name = options.bucket;
    this.options = objectOptions(options);
    this.conditional = options.conditional ?? "s3";
    const { expectedBucketOwner } = options;
    this.owner = expectedBucketOwner ? { ExpectedBucketOwner: expectedBucketOwner } : {};
  }

  /** Writes an object, or writes it over. @returns whether the bucket keeps what was there as an older object version. */
  async put(request: PutRequest): Promise<{ isKept: boolean }> {
    return await this.#send(request, true, async (abort) => {
      const { VersionId } = await this.client.send(this.#putCommand(request), abort);
      return { isKept: VersionId !== undefined && VersionId !== NO_VERSION };
    });
  }

  /** Writes an object unless there is one. While another such write is under way it asks again. */
  async putIfAbsent(request: PutRequest): Promise<"stored" | "taken"> {
    const { signal } = request;
    return await this.#send(request, true, async (abort) => {
      for (let tries = 1; ; tries++) {
        const command = this.#putCommand(request);
        addCondition(command, this.conditional);
        try {
          await this.client.send(command, abort);
          return "stored";
        } catch (error) {
          if (statusOf(error) === 412) return "taken";
          if (statusOf(error) !== 409 || tries >= MOST_TRIES) throw error;
        }
        await sleep(Math.random() * MOST_PAUSE_MS, undefined, signal && { signal });
      }
    });
  }

  async head(key: string, signal?: Signal): Promise<ObjectHead | undefined> {
    return await this.#send({ key, signal }, false, async (abort) => {
      const command = new HeadObjectCommand({ ...this.#at(key) });
      const found = await orAbsent(this.client.send(command, abort));
      return found && { ...headOf(key, found), size: found.ContentLength ?? 0 };
    });
  }

  /** The body must be read, or destroyed. `end` is without. */
  async get(
    key: string,
    range?: { start: number; end: number },
    signal?: Signal,
  ): Promise<{ head: ObjectHead; body: Readable } | undefined> {
    return await this.#send({ key, signal }, false, async (abort) => {
      const Range = range && `bytes=${range.start}-${range.end - 1}`;
      const command = new GetObjectCommand({ ...this.#at(key), ...(Range && { Range }) });
      const found = await orAbsent(this.client.send(command, abort));
      if (!found) return undefined;
      const total = /\/(\d+)$/.exec(found.ContentRange ?? "")?.[1];
      const size = total === undefined ? (found.ContentLength ?? 0) : Number(total);
      return { head: { ...headOf(key, found), size }, body: found.Body as Readable };
    });
  }

  /** One page, ascending by UTF-8 bytes. `isLast`: there are no more. */
  async list(
    request: ListRequest,
    signal?: Signal,
  ): Promise<{ objects: ListedObject[]; isLast: boolean }> {
    const { prefix, startAfter, maxKeys } = request;
    return await this.#send({ key: prefix, signal }, false, async (abort) => {
      const command = new ListObjectsV2Command({
        Bucket: this.name,
        ...this.owner,
        Prefix: prefix,
        ...(startAfter !== undefined && { StartAfter: startAfter }),
        ...(maxKeys !== undefined && { MaxKeys: maxKeys }),
      });
      const { Contents = [], IsTruncated } = await this.client.send(command, abort);
      const objects = Contents.map(({ Key = "", Size = 0, LastModified }) => ({
        key: Key,
        size: Size,
        modified: LastModified?.getTime() ?? 0,
      }));
      return { objects, isLast: IsTruncated !== true };
    });
  }

  /** All objects below a prefix, page by page. */
  async *listAll(prefix: string, signal?: Signal): AsyncGenerator<ListedObject[], void, undefined> {
    let startAfter: string | undefined;
    for (;;) {
      const { objects, isLast } = await this.list({ prefix, startAfter }, signal);
      if (objects.length > 0) yield objects;
      if (isLast) return;
      startAfter = objects.at(-1)?.key;
    }
  }

  /** All object versions below a prefix, page by page: those that are not current included. */
  async *listVersions(
    prefix: string,
    signal?: Signal,
  ): AsyncGenerator<ObjectVersion[], void, undefined> {
    let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (next) {
      const page: ListObjectVersionsCommandOutput = await this.#versionsPage(prefix, next, signal);
      const versions = (page.Versions ?? []).map((version) => toVersion(version, false));
      const markers = (page.DeleteMarkers ?? []).map((marker) => toVersion(marker, true));
      if (versions.length + markers.length > 0) yield [...versions, ...markers];
      const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
      next = undefined;
      if (IsTruncated === true && NextKeyMarker !== undefined)
        next = {
          KeyMarker: NextKeyMarker,
          ...(NextVersionIdMarker && { VersionIdMarker: NextVersionIdMarker }),
        };
    }
  }

  async #versionsPage(
    prefix: string,
    next: object,
    signal?: Signal,
  ): Promise<ListObjectVersionsCommandOutput> {
    const at = { Bucket: this.name, ...this.owner, Prefix: prefix, ...next };
    return await this.#send({ key: prefix, signal }, false, (abort) =>
      this.client.send(new ListObjectVersionsCommand(at), abort),
    );
  }

  /** Silent when absent. @returns whether the bucket keeps what was removed as an older object version. */
  async remove(
    { key, versionId }: { key: string; versionId?: string },
    signal?: Signal,
  ): Promise<{ isKept: boolean }> {
    return await this.#send({ key, signal }, true, async (abort) => {
      const command = new DeleteObjectCommand({
        ...this.#at(key),
        ...(versionId !== undefined && { VersionId: versionId }),
      });
      const removed = await orAbsent(this.client.send(command, abort));
      return { isKept: versionId === undefined && removed?.DeleteMarker === true };
    });
  }

  async versioning(signal?: Signal): Promise<"Enabled" | "Suspended" | undefined> {
    return await this.#send({ key: "", signal }, false, async (abort) => {
      const command = new GetBucketVersioningCommand({ Bucket: this.name, ...this.owner });
      return (await this.client.send(command, abort)).Status;
    });
  }

  /** `false` when there is no source. */
  async copy(source: string, target: string, signal?: Signal): Promise<boolean> {
    return await this.#send({ key: target, signal }, true, async (abort) => {
      const command = new CopyObjectCommand({
        ...this.#at(target),
        ...this.options,
        ...(this.options.Tagging !== undefined && { TaggingDirective: "REPLACE" }),
        CopySource: this.#source(source),
        ...this.#sourceOwner(),
      });
      return (await orAbsent(this.client.send(command, abort))) !== undefined;
    });
  }

  /** What is sent in parts is seen by nobody before a version names it: nothing of it counts as written. */
  async beginUpload(key: string, contentType: string | undefined, signal: Signal): Promise<string> {
    return await this.#send({ key, signal }, false, async (abort) => {
      const command = new CreateMultipartUploadCommand({
        ...this.#at(key),
        ...this.options,
        ...(contentType !== undefined && { ContentType: contentType }),
      });
      const { UploadId } = await this.client.send(command, abort);
      return UploadId ?? "";
    });
  }

  async uploadPart(
    upload: { key: string; uploadId: string },
    part: { number: number; body: Uint8Array },
    signal: Signal,
  ): Promise<UploadedPart> {
    return await this.#send({ ...upload, signal }, false, async (abort) => {
      const command = new UploadPartCommand({
        ...this.#at(upload.key),
        UploadId: upload.uploadId,
        PartNumber: part.number,
        Body: part.body,
        ContentLength: part.body.length,
      });
      const { ETag } = await this.client.send(command, abort);
      return { PartNumber: part.number, ETag };
    });
  }

  /** Bytes from `start` up to and without `end`. */
  async copyPart(
    upload: { key: string; uploadId: string },
    part: { number: number; source: string; start: number; end: number },
    signal: Signal,
  ): Promise<UploadedPart> {
    return await this.#send({ ...upload, signal }, false, async (abort) => {
      const command = new UploadPartCopyCommand({
        ...this.#at(upload.key),
        UploadId: upload.uploadId,
        PartNumber: part.number,
        CopySource: this.#source(part.source),
        CopySourceRange: `bytes=${part.start}-${part.end - 1}`,
        ...this.#sourceOwner(),
      });
      const { CopyPartResult } = await this.client.send(command, abort);
      return { PartNumber: part.number, ETag: CopyPartResult?.ETag };
    });
  }

  async completeUpload(
    upload: { key: string; uploadId: string },
    parts: readonly UploadedPart[],
    signal: Signal,
  ): Promise<void> {
    await this.#send({ ...upload, signal }, false, async (abort) => {
      const command = new CompleteMultipartUploadCommand({
        ...this.#at(upload.key),
        UploadId: upload.uploadId,
        MultipartUpload: { Parts: [...parts] },
      });
      await this.client.send(command, abort);
    });
  }

  /** Silent when it has ended. Is not cancelled: it is what a cancelled upload ends with. */
  async abortUpload(upload: { key: string; uploadId: string }): Promise<void> {
    await this.#send({ key: upload.key }, true, async (abort) => {
      const command = new AbortMultipartUploadCommand({
        ...this.#at(upload.key),
        UploadId: upload.uploadId,
      });
      await orAbsent(this.client.send(command, abort));
    });
  }

  /** Multipart uploads that were begun below a prefix and not ended. */
  async listUploads(prefix: string, signal?: Signal): Promise<OpenUpload[]> {
    return await this.#send({ key: prefix, signal }, false, async (abort) => {
      const uploads: OpenUpload[] = [];
      let next: { KeyMarker?: string; UploadIdMarker?: string } = {};
      for (;;) {
        const command = new ListMultipartUploadsCommand({
          Bucket: this.name,
          ...this.owner,
          Prefix: prefix,
          ...next,
        });
        const page = await this.client.send(command, abort);
        for (const { Key = "", UploadId = "", Initiated } of page.Uploads ?? [])
          uploads.push({ key: Key, uploadId: UploadId, modified: Initiated?.getTime() ?? 0 });
        if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return uploads;
        next = {
          KeyMarker: page.NextKeyMarker,
          ...(page.NextUploadIdMarker && { UploadIdMarker: page.NextUploadIdMarker }),
        };
      }
    });
  }

  /** An SDK's failure for this key in our words. */
  failure(error: unknown, key: string, isWrite: boolean, signal?: Signal): AdkError {
    return toAdkError(error, { bucket: this.name, key, isWrite, signal });
  }

  #putCommand({ key, body, contentType, metadata, sha256 }: PutRequest): PutObjectCommand {
    const isChecked = sha256 !== undefined && this.conditional === "s3";
    return new PutObjectCommand({
      ...this.#at(key),
      ...this.options,
      Body: body,
      ContentLength: body.length,
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(metadata && { Metadata: { ...metadata } }),
      ...(isChecked && { ChecksumSHA256: Buffer.from(sha256, "hex").toString("base64") }),
    });
  }

  #at(key: string): { Bucket: string; Key: string; ExpectedBucketOwner?: string } {
    return { Bucket: this.name, Key: key, ...this.owner };
  }

  #source(key: string): string {
    return `${this.name}/${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  #sourceOwner(): { ExpectedSourceBucketOwner?: string } {
    const { ExpectedBucketOwner } = this.owner;
    return ExpectedBucketOwner ? { ExpectedSourceBucketOwner: ExpectedBucketOwner } : {};
  }

  async #send<Result>(
    { key, signal }: { key: string; signal?: Signal },
    isWrite: boolean,
    send: (abort: { abortSignal?: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await send(signal ? { abortSignal: signal } : {});
    } catch (error) {
      throw this.failure(error, key, isWrite, signal);
    }
  }
}

/** What is absent is a value; a bucket that is absent is an error, where the answer tells them apart. */
async function orAbsent<Answer>(sent: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await sent;
  } catch (error) {
    if (statusOf(error) === 404 && nameOf(error) !== "NoSuchBucket") return undefined;
    throw error;
  }
}

function toVersion(
  found: {
    Key?: string | undefined;
    VersionId?: string | undefined;
    IsLatest?: boolean | undefined;
  },
  isMarker: boolean,
): ObjectVersion {
  const { Key = "", VersionId = NO_VERSION, IsLatest = true } = found;
  return { key: Key, versionId: VersionId, isLatest: IsLatest, isMarker };
}

function headOf(
  key: string,
  found: { LastModified?: Date | undefined; Metadata?: Record<string, string> | undefined },
): Omit<ObjectHead, "size"> {
  return { key, modified: found.LastModified?.getTime() ?? 0, metadata: found.Metadata ?? {} };
}
