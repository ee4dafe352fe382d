import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { createHash, createHmac, randomUUID } from "node:crypto";
import { s3Access, type S3Access } from "../../src/index.ts";

interface Place {
  readonly access: S3Access;
  readonly client: S3Client;
  readonly Bucket: string;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const part = (letter: string): Uint8Array =>
  new Uint8Array(5 * 1_048_576).fill(letter.charCodeAt(0));
const sha256 = (text: string): string => createHash("sha256").update(text).digest("base64");

/** What is asked, in this order, and what of the answer is compared: status, code, and all that a client reads. */
export async function playRequests(url: string): Promise<Record<string, unknown>> {
  const access = s3Access(url);
  const client = clientOf(access);
  const place: Place = { access, client, Bucket: `adk-answers-${randomUUID().slice(0, 8)}` };
  const { Bucket } = place;
  const answers: Record<string, unknown> = {};
  const ask = async (of: string, send: () => Promise<unknown>): Promise<void> => {
    answers[of] = await send().catch(refusal);
  };
  const put = async (Key: string, text: string, more: object = {}): Promise<unknown> => {
    const Body = bytes(text);
    const request = { Bucket, Key, Body, ContentLength: Body.length, ...more };
    const { ETag, VersionId } = await client.send(new PutObjectCommand(request));
    return { ETag, hasVersion: VersionId !== undefined };
  };
  const get = async (Key: string, more: object = {}): Promise<unknown> => {
    const found = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
    const { ContentRange, ContentType, ContentDisposition, ContentLength, ETag, Metadata } = found;
    const body = await found.Body?.transformToString();
    const text = body !== undefined && body.length > 100 ? `${body.length}` : body;
    return {
      status: found.$metadata.httpStatusCode,
      ContentRange,
      ContentType,
      ContentDisposition,
      ContentLength,
      ETag,
      Metadata,
      text,
    };
  };
  const head = async (Key: string): Promise<unknown> => {
    const found = await client.send(new HeadObjectCommand({ Bucket, Key }));
    const { ContentType, ContentLength, ETag, Metadata } = found;
    return { ContentType, ContentLength, ETag, Metadata };
  };
  const list = async (more: object): Promise<unknown> => {
    const page = await client.send(new ListObjectsV2Command({ Bucket, ...more }));
    return {
      keys: page.Contents?.map(({ Key, Size }) => [Key, Size]),
      prefixes: page.CommonPrefixes?.map(({ Prefix }) => Prefix),
      count: page.KeyCount,
      isTruncated: page.IsTruncated,
    };
  };

  await ask("a bucket that is not there", async () => await get("a"));
  await ask("a bucket is made", async () => {
    await client.send(new CreateBucketCommand({ Bucket }));
    return "made";
  });
  await ask("an object that is not there", async () => await get("a"));
  await ask("the head of one that is not there", async () => await head("a"));
  await ask("a PUT", async () => await put("a", "hello", { ContentType: "text/plain; charset=x" }));
  await ask("a PUT if there is none, where there is none", async () =>
    put("b/!2F/1", "first", { IfNoneMatch: "*", Metadata: { "adk-record": "x".repeat(1_800) } }),
  );
  await ask("a PUT if there is none, where there is one", async () =>
    put("b/!2F/1", "second", { IfNoneMatch: "*" }),
  );
  await ask("what it left", async () => await get("b/!2F/1"));
  await ask("sixteen at once: how many were stored", async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 16 }, (_item, at) => put("raced", `w${at}`, { IfNoneMatch: "*" })),
    );
    return outcomes.filter(({ status }) => status === "fulfilled").length;
  });
  const etag = async (Key: string): Promise<string | undefined> =>
    (await client.send(new HeadObjectCommand({ Bucket, Key }))).ETag;
  await put("matched", "first");
  await ask("a PUT if it is still this one, where it is", async () =>
    put("matched", "again", { IfMatch: await etag("matched") }),
  );
  await ask("the same without quotes", async () =>
    put("matched", "again!", { IfMatch: (await etag("matched"))?.replaceAll('"', "") }),
  );
  await ask("a PUT if it is still this one, where it is another", async () =>
    put("matched", "third", { IfMatch: await etag("a") }),
  );
  await ask("a PUT if it is still this one, where there is none", async () =>
    put("nobody", "x", { IfMatch: await etag("a") }),
  );
  await ask("what they left", async () => [
    await get("matched"),
    await get("nobody").catch(refusal),
  ]);
  await ask("an empty object", async () => {
    await put("empty", "", { IfNoneMatch: "*" });
    return await get("empty");
  });
  await ask(
    "the right checksum",
    async () => await put("sum", "x", { ChecksumSHA256: sha256("x") }),
  );
  await ask(
    "a wrong checksum",
    async () => await put("sum2", "x", { ChecksumSHA256: sha256("y") }),
  );
  await ask("what it left behind", async () => await head("sum2"));
  await ask("a head", async () => await head("a"));
  for (const Range of ["bytes=1-2", "bytes=3-", "bytes=3-99", "bytes=5-9", "bytes=9-"])
    await ask(`the range ${Range}`, async () => await get("a", { Range }));
  await ask("a range of nothing", async () => await get("empty", { Range: "bytes=0-" }));
  for (const Key of ["l/1", "l/2", "l/3", "l/d/1", "l/d/2", "l/e/1"]) await put(Key, Key);
  await ask("a list", async () => await list({ Prefix: "l/" }));
  await ask("a list after a key", async () => await list({ Prefix: "l/", StartAfter: "l/2" }));
  await ask("a list after what is no key", async () => list({ Prefix: "l/", StartAfter: "l/d/~" }));
  await ask("a page of a list", async () => await list({ Prefix: "l/", MaxKeys: 2 }));
  await ask("all pages", async () => await pages(place));
  await ask("a list by a delimiter", async () => await list({ Prefix: "l/", Delimiter: "/" }));
  await ask("a list of nothing", async () => await list({ Prefix: "none/" }));
  await ask("a copy", async () => {
    const CopySource = `${Bucket}/${encodeURIComponent("b/!2F/1").replaceAll("%2F", "/")}`;
    await client.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource }));
    return await get("copy");
  });
  await ask("a copy of nothing", async () =>
    client.send(new CopyObjectCommand({ Bucket, Key: "copy2", CopySource: `${Bucket}/none` })),
  );
  await ask("a deletion", async () => {
    const removed = await client.send(new DeleteObjectCommand({ Bucket, Key: "copy" }));
    return { marker: removed.DeleteMarker, left: await head("copy").catch(refusal) };
  });
  await ask("a deletion of nothing", async () => {
    await client.send(new DeleteObjectCommand({ Bucket, Key: "none" }));
    return "silent";
  });
  await askUploads(place, ask, get);
  await askSignatures(place, ask);
  await askVersions(place, ask, put, get);
  await clear(place);
  await ask("a bucket is removed", async () => {
    await client.send(new DeleteBucketCommand({ Bucket }));
    return "removed";
  });
  client.destroy();
  return answers;
}

type Ask = (of: string, send: () => Promise<unknown>) => Promise<void>;

async function askUploads(
  { client, Bucket }: Place,
  ask: Ask,
  get: (key: string) => Promise<unknown>,
): Promise<void> {
  const begin = async (Key: string): Promise<{ Bucket: string; Key: string; UploadId: string }> => {
    const command = new CreateMultipartUploadCommand({ Bucket, Key, ContentType: "video/mp4" });
    const { UploadId = "" } = await client.send(command);
    return { Bucket, Key, UploadId };
  };
  const upload = await begin("mp/a");
  const open = async (): Promise<unknown> => {
    const found = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: "mp/" }));
    return found.Uploads?.map(({ Key }) => Key) ?? [];
  };
  const send = async (PartNumber: number, Body: Uint8Array) =>
    await client.send(
      new UploadPartCommand({ ...upload, PartNumber, Body, ContentLength: Body.length }),
    );
  const parts: { PartNumber: number; ETag: string | undefined }[] = [];
  await ask("an upload that is open", open);
  await ask("two parts", async () => {
    for (const [index, body] of [part("p"), bytes("end")].entries())
      parts.push({ PartNumber: index + 1, ETag: (await send(index + 1, body)).ETag });
    return parts;
  });
  await ask("nothing is seen of parts", async () => await get("mp/a"));
  await ask("a completion", async () => {
    const MultipartUpload = { Parts: parts };
    const done = await client.send(
      new CompleteMultipartUploadCommand({ ...upload, MultipartUpload }),
    );
    return done.ETag;
  });
  await ask("what it made", async () => await get("mp/a"));
  await ask("a part of an upload that has ended", async () => await send(3, bytes("late")));
  const copied = await begin("mp/b");
  await ask("a part that is copied", async () => {
    const { CopyPartResult } = await client.send(
      new UploadPartCopyCommand({
        ...copied,
        PartNumber: 1,
        CopySource: `${Bucket}/mp/a`,
        CopySourceRange: "bytes=0-9",
      }),
    );
    // What is in it is the server's affair.
    return CopyPartResult?.ETag !== undefined;
  });
  await ask("an upload that is given up", async () => {
    await client.send(new AbortMultipartUploadCommand(copied));
    return await open();
  });
}

async function askSignatures({ access, Bucket }: Place, ask: Ask): Promise<void> {
  const as = async (accessKeyId: string, secretAccessKey: string): Promise<unknown> => {
    const other = clientOf({ ...access, credentials: { accessKeyId, secretAccessKey } });
    try {
      return await other.send(new PutObjectCommand({ Bucket, Key: "signed", Body: "x" }));
    } finally {
      other.destroy();
    }
  };
  await ask("a wrong secret", async () => as(access.credentials.accessKeyId, "wrong"));
  await ask("an unknown key", async () => as("nobody", "wrong"));
  const fetched = async (url: string, init: RequestInit = {}): Promise<unknown> => {
    const response = await fetch(url, init);
    const text = await response.text();
    return {
      status: response.status,
      type: response.ok ? response.headers.get("content-type") : undefined,
      text: response.ok ? text : /<Code>(\w+)/.exec(text)?.[1],
    };
  };
  const sign = (method: string, key: string, more: Record<string, string>, ageMs = 0): string =>
    presign(access, { method, path: `/${Bucket}/${key}`, more, at: Date.now() - ageMs });
  await ask("a presigned download", async () => fetched(sign("GET", "a", {})));
  await ask("a presigned download as another type", async () =>
    fetched(sign("GET", "a", { "response-content-type": "image/png" })),
  );
  await ask("a presigned URL for another key", async () =>
    fetched(sign("GET", "a", {}).replace("/a?", "/empty?")),
  );
  await ask("a presigned URL that has expired", async () => fetched(sign("GET", "a", {}, 120_000)));
  await ask("a presigned upload", async () =>
    fetched(sign("PUT", "up", {}), { method: "PUT", body: "sent" }),
  );
}

async function askVersions(
  { client, Bucket }: Place,
  ask: Ask,
  put: (key: string, text: string, more?: object) => Promise<unknown>,
  get: (key: string) => Promise<unknown>,
): Promise<void> {
  const versions = async (): Promise<unknown> => {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, Prefix: "v/" }));
    const known = (id: string | undefined): string => (id === "null" ? "null" : "an id");
    return {
      versions: page.Versions?.map((found) => [
        found.Key,
        found.Size,
        found.IsLatest,
        known(found.VersionId),
      ]),
      markers: page.DeleteMarkers?.map((found) => [found.Key, found.IsLatest]),
    };
  };
  await put("v/before", "b");
  await ask("object versions without versioning", versions);
  await ask("versioning is off", async () => {
    return (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  });
  await ask("versioning is on", async () => {
    const VersioningConfiguration = { Status: "Enabled" as const };
    await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
    return (await client.send(new GetBucketVersioningCommand({ Bucket }))).Status;
  });
  await ask("a PUT with versioning", async () => await put("v/a", "one", { IfNoneMatch: "*" }));
  await ask("a second one", async () => await put("v/a", "second"));
  await ask("a deletion with versioning", async () => {
    const removed = await client.send(new DeleteObjectCommand({ Bucket, Key: "v/a" }));
    return [removed.DeleteMarker, removed.VersionId !== undefined];
  });
  await ask("what was deleted", async () => await get("v/a"));
  await ask("a PUT if there is none, after a deletion", async () =>
    put("v/a", "again!", { IfNoneMatch: "*" }),
  );
  await ask("object versions", versions);
}

async function pages({ client, Bucket }: Place): Promise<unknown> {
  const keys: (string | undefined)[][] = [];
  let ContinuationToken: string | undefined;
  do {
    const page: ListObjectsV2CommandOutput = await client.send(
      new ListObjectsV2Command({
        Bucket,
        Prefix: "l/",
        MaxKeys: 4,
        ...(ContinuationToken !== undefined && { ContinuationToken }),
      }),
    );
    keys.push((page.Contents ?? []).map(({ Key }) => Key));
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return keys;
}

async function clear({ client, Bucket }: Place): Promise<void> {
  const page = await client.send(new ListObjectVersionsCommand({ Bucket }));
  for (const { Key, VersionId } of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])])
    await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
}

function clientOf(access: S3Access): S3Client {
  return new S3Client({
    ...access,
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
}

function refusal(error: unknown): unknown {
  const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } };
  return { refused: name, status: $metadata?.httpStatusCode };
}

/** Signature version 4 in a query, as its specification has it: neither the SDK's nor the server's code. */
function presign(
  { endpoint, region, credentials }: S3Access,
  request: { method: string; path: string; more: Record<string, string>; at: number },
): string {
  const date = new Date(request.at).toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${date.slice(0, 8)}/${region}/s3/aws4_request`;
  const query = Object.entries({
    ...request.more,
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": `${credentials.accessKeyId}/${scope}`,
    "X-Amz-Date": date,
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
  })
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .toSorted()
    .join("&");
  const { host } = new URL(endpoint);
  const lines = [
    request.method,
    request.path,
    query,
    `host:${host}`,
    "",
    "host",
    "UNSIGNED-PAYLOAD",
  ];
  const hash = createHash("sha256").update(lines.join("\n")).digest("hex");
  const text = ["AWS4-HMAC-SHA256", date, scope, hash].join("\n");
  let key: Uint8Array = bytes(`AWS4${credentials.secretAccessKey}`);
  for (const word of scope.split("/")) key = createHmac("sha256", key).update(word).digest();
  const signature = createHmac("sha256", key).update(text).digest("hex");
  return `${endpoint}${request.path}?${query}&X-Amz-Signature=${signature}`;
}
