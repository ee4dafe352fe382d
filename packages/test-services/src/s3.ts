import { randomUUID } from "node:crypto";
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { seaweedFsSpec } from "./s3-seaweedfs.ts";
import { shareServer, type TestServer } from "./server.ts";

/** The server of `ADK_TEST_S3_URL` (`http://key:secret@host:port`), else one that all tests of this moment share. */
export async function sharedS3(): Promise<TestServer> {
  const url = process.env["ADK_TEST_S3_URL"];
  if (url !== undefined && url !== "")
    return { url, isGiven: true, [Symbol.asyncDispose]: async () => {} };
  return await shareServer("seaweedfs", seaweedFsSpec());
}

/** How an `S3Client` reaches a server. */
export interface S3Access {
  /** Without credentials. */
  readonly endpoint: string;
  readonly region: string;
  readonly forcePathStyle: true;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** @param url with the credentials in it; `?region=` when it is not `us-east-1`. */
export function s3Access(url: string): S3Access {
  const { origin, username, password, searchParams } = new URL(url);
  return {
    endpoint: origin,
    region: searchParams.get("region") ?? "us-east-1",
    forcePathStyle: true,
    credentials: {
      accessKeyId: decodeURIComponent(username),
      secretAccessKey: decodeURIComponent(password),
    },
  };
}

/** A bucket that nobody else uses; it is emptied and removed at the end. */
export interface FreshBucket extends AsyncDisposable {
  readonly access: S3Access;
  readonly bucket: string;
  /** Of this bucket, for what a test looks at and changes by itself. */
  readonly client: S3Client;
}

/** @param options `versioning`: the bucket keeps what is written over and removed. */
export async function freshBucket(
  server: Pick<TestServer, "url">,
  { versioning = false }: { readonly versioning?: boolean } = {},
): Promise<FreshBucket> {
  const access = s3Access(server.url);
  const bucket = `adk-test-${randomUUID().slice(0, 8)}`;
  const client = new S3Client({
    ...access,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  if (versioning)
    await client.send(
      new PutBucketVersioningCommand({
        Bucket: bucket,
        VersioningConfiguration: { Status: "Enabled" },
      }),
    );
  return {
    access,
    bucket,
    client,
    async [Symbol.asyncDispose]() {
      try {
        await empty(client, bucket);
        await client.send(new DeleteBucketCommand({ Bucket: bucket }));
      } finally {
        client.destroy();
      }
    },
  };
}

async function empty(client: S3Client, bucket: string): Promise<void> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
  for (const { Key, UploadId } of Uploads)
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await client.send(
      new ListObjectVersionsCommand({ Bucket: bucket }),
    );
    const all = [...Versions, ...DeleteMarkers];
    if (all.length === 0) return;
    for (let start = 0; start < all.length; start += 16)
      await Promise.all(
        all
          .slice(start, start + 16)
          .map(({ Key, VersionId }) =>
            client.send(new DeleteObjectCommand({ Bucket: bucket, Key, VersionId })),
          ),
      );
  }
}
