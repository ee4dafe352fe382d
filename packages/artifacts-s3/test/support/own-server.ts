import type { ArtifactKey, BaseArtifactService } from "@adk/core";
import { freshBucket, S3Server, type FreshBucket, type S3Request } from "@adk/test-services";
import { ListMultipartUploadsCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { afterAll, beforeEach } from "vitest";
import { S3ArtifactService, type ConnectS3Options } from "../../src/s3-artifact-service.ts";

interface Scope {
  readonly appName: string;
  readonly userId: string;
  readonly sessionId: string;
}

export const KEY_SCOPE: Scope = { appName: "app", userId: "user", sessionId: "s" };
export const KEY: ArtifactKey & Scope = { ...KEY_SCOPE, filename: "a" };
export const MIB = 1_048_576;

/** A fresh bucket, and services that have the prefix `p` in it. */
export interface Place extends AsyncDisposable {
  readonly bucket: FreshBucket;
  open(options?: ConnectS3Options): Promise<BaseArtifactService>;
}

/** A server whose faults and requests are those of one test at a time. */
export async function useOwnServer(): Promise<{
  server: S3Server;
  freshPlace(options?: { versioning?: boolean }): Promise<Place>;
}> {
  const server = await S3Server.start();
  afterAll(async () => await server[Symbol.asyncDispose]());
  beforeEach(() => {
    server.heal();
    server.requests.length = 0;
  });
  return { server, freshPlace: async (options) => await freshPlaceIn(server, options) };
}

async function freshPlaceIn(server: S3Server, options?: { versioning?: boolean }): Promise<Place> {
  const bucket = await freshBucket(server, options);
  const opened: AsyncDisposable[] = [];
  return {
    bucket,
    async open(options = {}) {
      const { endpoint, region, credentials } = bucket.access;
      const uri = `s3://${bucket.bucket}/p`;
      const given = { endpoint, region, credentials, ...options };
      const service = await S3ArtifactService.connect(uri, given);
      opened.push(service);
      return service;
    },
    async [Symbol.asyncDispose]() {
      server.heal();
      for (const service of opened) await service[Symbol.asyncDispose]();
      await bucket[Symbol.asyncDispose]();
    },
  };
}

export const text = (value: string): { text: string } => ({ text: value });

/** Requests of a method whose key or query has a text. */
export const of =
  (method: string, part: string) =>
  (request: S3Request): boolean =>
    request.method === method && `${request.key}?${request.query.toString()}`.includes(part);

export const aVersion =
  (method: string) =>
  (request: S3Request): boolean =>
    request.method === method && /\/\d{10}-\d{10}$/.test(request.key);

export async function* pieces(size: number, count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield new Uint8Array(size).fill(index);
}

export async function openUploads({ client, bucket: Bucket }: FreshBucket): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  return Uploads.length;
}

/** All keys of a bucket with few objects. */
export async function keysOf({ client, bucket: Bucket }: FreshBucket): Promise<string[]> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
  return Contents.map(({ Key = "" }) => Key);
}
