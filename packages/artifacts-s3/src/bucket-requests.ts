import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { AdkError } from "@adk/core";
import { addCondition, type Condition, ifAbsent, ifSame } from "./condition.ts";
import { nameOf, statusOf } from "./errors.ts";
import { orAbsent, type RequestContext } from "./request-context.ts";
import { UploadRequests } from "./upload-requests.ts";

/** An object without its body. */
export interface ObjectHead {
  readonly key: string;
  /** Of the whole object, in bytes. */
  readonly size: number;
  /** Milliseconds since the Unix epoch, by the server's clock, in whole seconds. */
  readonly modified: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** What a write over it may be made to depend on. */
  readonly etag: string;
  /** Of the object version, in a bucket with versioning. */
  readonly versionId?: string | undefined;
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

/** What has become of an object that was written. */
export interface Written {
  /** Whether the bucket keeps what was there as an older object version. */
  readonly isKept: boolean;
  /** Of what was written, in a bucket with versioning. */
  readonly versionId: string | undefined;
}

export interface ListRequest {
  readonly prefix: string;
  /** What comes after this key. */
  readonly startAfter?: string | undefined;
  /** At most 1,000. */
  readonly maxKeys?: number | undefined;
}

export type ListedObject = Pick<ObjectHead, "key" | "size" | "modified" | "etag">;

/** One object version, or a delete marker. A bucket that has no versioning calls all of its own `null`. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isMarker: boolean;
}

/** The version of an object that was written while the bucket had no versioning. */
export const NO_VERSION = "null";

type Signal = AbortSignal | undefined;

/** Of a conditional write that another one is in the way of. */
const MOST_TRIES = 20;
const MOST_PAUSE_MS = 50;

/** The requests that are sent to the bucket, with all options of the store in them; the SDK's errors become ours here. */
export class BucketRequests {
  readonly #context: RequestContext;
  readonly name: string;
  readonly conditional: "s3" | "gcs";
  readonly uploads: UploadRequests;

  constructor(context: RequestContext) {
    this.#context = context;
    this.name = context.bucket;
    this.conditional = context.conditional;
    this.uploads = new UploadRequests(context);
  }

  /** Writes an object, or writes it over. */
  async put(request: PutRequest): Promise<Written> {
    return await this.#context.send(request, true, async (abort) => {
      return writtenOf(await this.#context.client.send(this.#putCommand(request), abort));
    });
  }

  /** Writes an object unless there is one. */
  async putIfAbsent(request: PutRequest): Promise<"stored" | "taken"> {
    return (await this.#putIf(ifAbsent(this.conditional), request)) ? "stored" : "taken";
  }

  /**
   * Writes over an object that is still the one that was found.
   *
   * @returns `undefined` when it is not. Google's interface has no such condition: there it is written over whatever it is.
   */
  async putOver(
    { etag }: Pick<ObjectHead, "etag">,
    request: PutRequest,
  ): Promise<Written | undefined> {
    if (this.conditional === "gcs") return await this.put(request);
    const outcome = await this.#putIf(ifSame(etag), request);
    if (outcome) return outcome;
    // Ceph 16 takes the ETag without its quotes alone, as other servers do too.
    if ((await this.head(request.key, request.signal))?.etag !== etag) return undefined;
    return await this.#putIf(ifSame(etag.replaceAll('"', "")), request);
  }

  /** While another such write is under way it asks again. @returns `undefined` when the condition does not hold. */
  async #putIf(condition: Condition, request: PutRequest): Promise<Written | undefined> {
    const { signal } = request;
    return await this.#context.send(request, true, async (abort) => {
      for (let tries = 1; ; tries++) {
        const command = this.#putCommand(request);
        addCondition(command, condition);
        try {
          return writtenOf(await this.#context.client.send(command, abort));
        } catch (error) {
          if (statusOf(error) === 412 || nameOf(error) === "NoSuchKey") return undefined;
          if (statusOf(error) !== 409 || tries >= MOST_TRIES) throw error;
        }
        await sleep(Math.random() * MOST_PAUSE_MS, undefined, signal && { signal });
      }
    });
  }

  async head(key: string, signal?: Signal): Promise<ObjectHead | undefined> {
    return await this.#context.send({ key, signal }, false, async (abort) => {
      const command = new HeadObjectCommand({ ...this.#context.at(key) });
      const found = await orAbsent(this.#context.client.send(command, abort));
      return found && { ...headOf(key, found), size: found.ContentLength ?? 0 };
    });
  }

  /** The body must be read, or destroyed. `end` is without. */
  async get(
    key: string,
    range?: { start: number; end: number },
    signal?: Signal,
  ): Promise<{ head: ObjectHead; body: Readable } | undefined> {
    return await this.#context.send({ key, signal }, false, async (abort) => {
      const Range = range && `bytes=${range.start}-${range.end - 1}`;
      const command = new GetObjectCommand({ ...this.#context.at(key), ...(Range && { Range }) });
      const found = await orAbsent(this.#context.client.send(command, abort));
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
    return await this.#context.send({ key: prefix, signal }, false, async (abort) => {
      const command = new ListObjectsV2Command({
        ...this.#context.below(prefix),
        ...(startAfter !== undefined && { StartAfter: startAfter }),
        ...(maxKeys !== undefined && { MaxKeys: maxKeys }),
      });
      const { Contents = [], IsTruncated } = await this.#context.client.send(command, abort);
      const objects = Contents.map(({ Key = "", Size = 0, LastModified, ETag = "" }) => ({
        key: Key,
        size: Size,
        modified: LastModified?.getTime() ?? 0,
        etag: ETag,
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
    const at = { ...this.#context.below(prefix), ...next };
    return await this.#context.send({ key: prefix, signal }, false, (abort) =>
      this.#context.client.send(new ListObjectVersionsCommand(at), abort),
    );
  }

  /** Silent when absent. @returns whether the bucket keeps what was removed as an older object version. */
  async remove(
    { key, versionId }: { key: string; versionId?: string },
    signal?: Signal,
  ): Promise<{ isKept: boolean }> {
    return await this.#context.send({ key, signal }, true, async (abort) => {
      const command = new DeleteObjectCommand({
        ...this.#context.at(key),
        ...(versionId !== undefined && { VersionId: versionId }),
      });
      const removed = await orAbsent(this.#context.client.send(command, abort));
      return { isKept: versionId === undefined && removed?.DeleteMarker === true };
    });
  }

  async versioning(signal?: Signal): Promise<"Enabled" | "Suspended" | undefined> {
    return await this.#context.send({ key: "", signal }, false, async (abort) => {
      const command = new GetBucketVersioningCommand({
        Bucket: this.name,
        ...this.#context.owner,
      });
      return (await this.#context.client.send(command, abort)).Status;
    });
  }

  /** `false` when there is no source. */
  async copy(source: string, target: string, signal?: Signal): Promise<boolean> {
    return await this.#context.send({ key: target, signal }, true, async (abort) => {
      const command = new CopyObjectCommand({
        ...this.#context.at(target),
        ...this.#context.options,
        ...(this.#context.options.Tagging !== undefined && { TaggingDirective: "REPLACE" }),
        ...this.#context.from(source),
      });
      return (await orAbsent(this.#context.client.send(command, abort))) !== undefined;
    });
  }

  /** An SDK's failure for this key in our words. */
  async failure(
    error: unknown,
    key: string,
    isWrite: boolean,
    signal?: AbortSignal,
  ): Promise<AdkError> {
    return await this.#context.failure(error, key, isWrite, signal);
  }

  #putCommand({ key, body, contentType, metadata, sha256 }: PutRequest): PutObjectCommand {
    const isChecked = sha256 !== undefined && this.conditional === "s3";
    return new PutObjectCommand({
      ...this.#context.at(key),
      ...this.#context.options,
      Body: body,
      ContentLength: body.length,
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(metadata && { Metadata: { ...metadata } }),
      ...(isChecked && { ChecksumSHA256: Buffer.from(sha256, "hex").toString("base64") }),
    });
  }
}

function writtenOf({ VersionId }: { VersionId?: string | undefined }): Written {
  // `null` where versioning was switched off: what was there before it is kept.
  return { isKept: VersionId !== undefined, versionId: VersionId };
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
  found: Pick<HeadObjectCommandOutput, "ETag" | "LastModified" | "Metadata" | "VersionId">,
): Omit<ObjectHead, "size"> {
  const { ETag = "", LastModified, Metadata = {}, VersionId } = found;
  const modified = LastModified?.getTime() ?? 0;
  return { key, modified, metadata: Metadata, etag: ETag, versionId: VersionId };
}
