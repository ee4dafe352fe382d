import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { orAbsent, type RequestContext } from "./request-context.ts";

export interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag: string | undefined;
  /** Where the server counted it. */
  readonly ChecksumCRC32?: string;
}

export interface OpenUpload {
  readonly key: string;
  readonly uploadId: string;
  /** When it was begun. */
  readonly modified: number;
}

type Signal = AbortSignal | undefined;

/** The requests of multipart uploads. */
export class UploadRequests {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    this.#context = context;
  }

  /** What is sent in parts is seen by nobody before a version names it: nothing of it counts as written. */
  async begin(key: string, contentType: string | undefined, signal: Signal): Promise<string> {
    return await this.#context.send({ key, signal }, false, async (abort) => {
      const command = new CreateMultipartUploadCommand({
        ...this.#context.at(key),
        ...this.#context.options,
        ...(await this.#checksumOfParts()),
        ...(contentType !== undefined && { ContentType: contentType }),
      });
      const { UploadId } = await this.#context.client.send(command, abort);
      return UploadId ?? "";
    });
  }

  async sendPart(
    upload: { key: string; uploadId: string },
    part: { number: number; body: Uint8Array },
    signal: Signal,
  ): Promise<UploadedPart> {
    return await this.#context.send({ ...upload, signal }, false, async (abort) => {
      const command = new UploadPartCommand({
        ...this.#context.at(upload.key),
        UploadId: upload.uploadId,
        PartNumber: part.number,
        Body: part.body,
        ContentLength: part.body.length,
      });
      return toPart(part.number, await this.#context.client.send(command, abort));
    });
  }

  /** Bytes from `start` up to and without `end`. */
  async copyPart(
    upload: { key: string; uploadId: string },
    part: { number: number; source: string; start: number; end: number },
    signal: Signal,
  ): Promise<UploadedPart> {
    return await this.#context.send({ ...upload, signal }, false, async (abort) => {
      const command = new UploadPartCopyCommand({
        ...this.#context.at(upload.key),
        UploadId: upload.uploadId,
        PartNumber: part.number,
        ...this.#context.from(part.source),
        CopySourceRange: `bytes=${part.start}-${part.end - 1}`,
      });
      const { CopyPartResult } = await this.#context.client.send(command, abort);
      return toPart(part.number, CopyPartResult ?? {});
    });
  }

  async complete(
    upload: { key: string; uploadId: string },
    parts: readonly UploadedPart[],
    signal: Signal,
  ): Promise<void> {
    await this.#context.send({ ...upload, signal }, false, async (abort) => {
      const command = new CompleteMultipartUploadCommand({
        ...this.#context.at(upload.key),
        UploadId: upload.uploadId,
        MultipartUpload: { Parts: [...parts] },
      });
      await this.#context.client.send(command, abort);
    });
  }

  /** Silent when it has ended. Is not cancelled: it is what a cancelled upload ends with. */
  async abort(upload: { key: string; uploadId: string }): Promise<void> {
    await this.#context.send({ key: upload.key }, true, async (abort) => {
      const command = new AbortMultipartUploadCommand({
        ...this.#context.at(upload.key),
        UploadId: upload.uploadId,
      });
      await orAbsent(this.#context.client.send(command, abort));
    });
  }

  /** Multipart uploads that were begun below a prefix and not ended. */
  async list(prefix: string, signal?: Signal): Promise<OpenUpload[]> {
    return await this.#context.send({ key: prefix, signal }, false, async (abort) => {
      const uploads: OpenUpload[] = [];
      let next: { KeyMarker?: string; UploadIdMarker?: string } = {};
      for (;;) {
        const command = new ListMultipartUploadsCommand({
          ...this.#context.below(prefix),
          ...next,
        });
        const page = await this.#context.client.send(command, abort);
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

  /** Where the client adds the SDK's checksum to each part, S3 wants to be told before the first, and again at the end. */
  async #checksumOfParts(): Promise<{ ChecksumAlgorithm?: "CRC32" }> {
    const { requestChecksumCalculation } = this.#context.client.config;
    const isAdded = (await requestChecksumCalculation()) === "WHEN_SUPPORTED";
    return isAdded ? { ChecksumAlgorithm: "CRC32" } : {};
  }
}

function toPart(
  number: number,
  sent: { ETag?: string | undefined; ChecksumCRC32?: string | undefined },
): UploadedPart {
  const { ETag, ChecksumCRC32 } = sent;
  return { PartNumber: number, ETag, ...(ChecksumCRC32 !== undefined && { ChecksumCRC32 }) };
}
