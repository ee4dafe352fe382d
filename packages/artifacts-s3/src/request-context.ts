import type { S3Client } from "@aws-sdk/client-s3";
import type { AdkError } from "@adk/core";
import { endpointOf } from "./endpoint.ts";
import { nameOf, statusOf, toAdkError } from "./errors.ts";
import { objectOptions, type ObjectOptions } from "./object-options.ts";
import type { S3ArtifactStoreOptions } from "./store-options.ts";

/** What every request to the bucket needs: the client, the options of the store, and our words for the SDK's errors. */
export class RequestContext {
  readonly client: S3Client;
  readonly bucket: string;
  /** Of every object that is made. */
  readonly options: ObjectOptions;
  readonly owner: { ExpectedBucketOwner?: string };
  readonly conditional: "s3" | "gcs";

  constructor(options: S3ArtifactStoreOptions) {
    this.client = options.client;
    this.bucket = options.bucket;
    this.options = objectOptions(options);
    this.conditional = options.conditional ?? "s3";
    const { expectedBucketOwner } = options;
    this.owner = expectedBucketOwner ? { ExpectedBucketOwner: expectedBucketOwner } : {};
  }

  at(key: string): { Bucket: string; Key: string; ExpectedBucketOwner?: string } {
    return { Bucket: this.bucket, Key: key, ...this.owner };
  }

  below(prefix: string): { Bucket: string; Prefix: string; ExpectedBucketOwner?: string } {
    return { Bucket: this.bucket, Prefix: prefix, ...this.owner };
  }

  /** The object that a copy is made of. */
  from(key: string): { CopySource: string; ExpectedSourceBucketOwner?: string } {
    const { ExpectedBucketOwner } = this.owner;
    return {
      CopySource: `${this.bucket}/${key.split("/").map(encodeURIComponent).join("/")}`,
      ...(ExpectedBucketOwner && { ExpectedSourceBucketOwner: ExpectedBucketOwner }),
    };
  }

  /** @param isWrite whether it is not known what was written when the answer is lost. */
  async send<Result>(
    { key, signal }: { key: string; signal?: AbortSignal | undefined },
    isWrite: boolean,
    send: (abort: { abortSignal?: AbortSignal }) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await send(signal ? { abortSignal: signal } : {});
    } catch (error) {
      throw await this.failure(error, key, isWrite, signal);
    }
  }

  /** An SDK's failure for this key in our words. */
  async failure(
    error: unknown,
    key: string,
    isWrite: boolean,
    signal?: AbortSignal,
  ): Promise<AdkError> {
    const { bucket, client } = this;
    return toAdkError(error, { bucket, endpoint: await endpointOf(client), key, isWrite, signal });
  }
}

/** What is absent is a value; a bucket that is absent is an error, where the answer tells them apart. */
export async function orAbsent<Answer>(sent: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await sent;
  } catch (error) {
    if (statusOf(error) === 404 && nameOf(error) !== "NoSuchBucket") return undefined;
    throw error;
  }
}
