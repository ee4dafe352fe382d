import type { ArtifactKey } from "@adk/core";
import {
  freshBucket,
  offered,
  s3Access,
  S3Server,
  sharedS3,
  startRclone,
  type S3Request,
} from "@adk/test-services";
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, describe, expect, it } from "vitest";
import { openClient } from "../src/connect.ts";
import { Keys } from "../src/keys.ts";
import { S3ArtifactService } from "../src/s3-artifact-service.ts";
import type { S3ArtifactStoreOptions } from "../src/store-options.ts";
import { describeServer } from "./support/describe-server.ts";

const own = await S3Server.start();
const shared = await offered(sharedS3);
const rclone = await offered(startRclone);
afterAll(async () => {
  await own[Symbol.asyncDispose]();
  await shared?.[Symbol.asyncDispose]();
  await rclone?.[Symbol.asyncDispose]();
});

const KEY = { appName: "app", userId: "user", sessionId: "s", filename: "a" } satisfies ArtifactKey;
const SCOPE = { appName: KEY.appName, userId: KEY.userId, sessionId: KEY.sessionId };
const LARGE = { inlineData: { data: new Uint8Array(6 * 1_048_576), mimeType: "video/mp4" } };
const aPut = (request: S3Request): boolean => request.method === "PUT";

describeServer("our own server", own);
describeServer(shared?.isGiven ? "S3" : "SeaweedFS 4.48", shared);

const places = [
  ["our own server", own],
  [shared?.isGiven ? "S3" : "SeaweedFS 4.48", shared],
] as const;
describe.each(places)("an upload by URL to %s", (_name, server) => {
  it.skipIf(!server)(
    "is refused when its client has changed what it was created with",
    async () => {
      await using place = await freshBucket(server!);
      const client = openClient(place.access);
      const service = new S3ArtifactService({ client, bucket: place.bucket });
      const begin = { ...KEY, mimeType: "text/plain", maxBytes: 10 };
      const { uploadId, url, method, headers } = await service.createArtifactUpload(begin);
      const other = await service.createArtifactUpload({ ...begin, maxBytes: 1_000 });
      const name = "x-amz-meta-adk-upload";
      expect(headers[name]).toBeTypeOf("string");
      const { [name]: _left, ...without } = headers;
      const body = "more than ten bytes";
      const changed = [
        without,
        { ...headers, [name]: other.headers[name]! },
        { ...headers, "content-type": "text/html" },
      ];
      for (const sent of changed)
        expect((await fetch(url, { method, headers: sent, body })).status).toBe(403);
      const complete = { ...KEY, uploadId };
      const nothing = service.completeArtifactUpload(complete);
      await expect(nothing).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
      expect((await fetch(url, { method, headers, body })).status).toBe(200);
      await expect(service.completeArtifactUpload(complete)).rejects.toMatchObject({
        code: "ARTIFACT_TOO_LARGE",
        message: expect.stringContaining("raise the upload's `maxBytes`") as string,
        details: { size: 19, maxBytes: 10 },
      });
      client.destroy();
    },
  );
});

describe("bytes that came by no URL", () => {
  it("are no upload that can be completed", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    const Key = new Keys("").blob(KEY, "planted");
    await client.send(new PutObjectCommand({ Bucket: place.bucket, Key, Body: "bytes" }));
    await expect(
      service.completeArtifactUpload({ ...KEY, uploadId: "planted" }),
    ).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT", details: { key: Key } });
    client.destroy();
  });
});

describe("credentials that are none", () => {
  it.each<[string, () => Promise<unknown>, string]>([
    ["nothing", async () => undefined, "{ accessKeyId, secretAccessKey }"],
    ["no keys", async () => ({}), "`accessKeyId`"],
    ["no secret", async () => ({ accessKeyId: "adk" }), "`secretAccessKey`"],
  ])("as a function gives them: %s, are PERMISSION_DENIED", async (_of, give, words) => {
    await using place = await freshBucket(own);
    const { endpoint } = place.access;
    let asked = 0;
    const credentials = async (): Promise<never> => {
      asked++;
      return (await give()) as never;
    };
    const uri = `s3://${place.bucket}`;
    await using service = await S3ArtifactService.connect(uri, { endpoint, credentials });
    const save = service.saveArtifact({ ...KEY, artifact: { text: "x" } });
    await expect(save).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      retryable: false,
      message: expect.stringContaining(words) as string,
      details: { committed: false },
    });
    expect(asked).toBe(1);
  });

  it("in a client of one's own are PERMISSION_DENIED too", async () => {
    await using place = await freshBucket(own);
    const credentials = { accessKeyId: "adk" } as never;
    const client = new S3Client({ ...place.access, credentials });
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    const save = service.saveArtifact({ ...KEY, artifact: { text: "x" } });
    await expect(save).rejects.toMatchObject({ code: "PERMISSION_DENIED", retryable: false });
    client.destroy();
  });
});

describe("what fails", () => {
  it("names bucket and server, in text and details, and no credentials", async () => {
    const { endpoint, credentials } = s3Access(own.url);
    const { host } = new URL(endpoint);
    await using service = await S3ArtifactService.connect("s3://nobodys", {
      endpoint,
      credentials,
    });
    const error: unknown = await service.loadArtifact(KEY).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "MISCONFIGURED",
      message: expect.stringContaining(
        `S3 failed (NoSuchBucket, 404) in bucket "nobodys" at ${host}. There is no such bucket`,
      ) as string,
      details: { bucket: "nobodys", endpoint: host },
    });
    expect(JSON.stringify(error)).not.toContain(credentials.secretAccessKey);
  });
});

describe("check", () => {
  it("refuses a server that ignores conditions, and leaves nothing behind", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    own.fail("ignoreConditions", aPut, 2);
    const { problems } = await service.check();
    expect(problems).toMatchObject([{ code: "MISCONFIGURED" }]);
    expect(problems[0]?.message).toContain("ignores conditions");
    expect(await service.check()).toEqual({ problems: [] });
    const left = await place.client.send(new ListObjectVersionsCommand({ Bucket: place.bucket }));
    expect(left.Versions).toBeUndefined();
    client.destroy();
  });

  it("takes a server that knows ETags without their quotes alone", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    const isQuoted = ({ headers }: S3Request): boolean =>
      headers["if-match"]?.startsWith('"') ?? false;
    own.fail({ status: 412, code: "PreconditionFailed" }, isQuoted, 9);
    expect(await service.check()).toEqual({ problems: [] });
    own.heal();
    client.destroy();
  });

  it("refuses a server that ignores which object is to be written over", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    own.fail("ignoreConditions", ({ headers }) => headers["if-match"] !== undefined, 9);
    const { problems } = await service.check();
    own.heal();
    expect(problems).toMatchObject([{ code: "MISCONFIGURED" }]);
    expect(problems[0]?.message).toContain("`If-Match` wrote over another object");
    client.destroy();
  });

  it.each([
    ["refuses", 412, "PreconditionFailed"],
    ["does not know", 501, "NotImplemented"],
  ])("refuses a server that %s a PUT over the object that is there", async (_how, status, code) => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    own.fail({ status, code }, ({ headers }) => headers["if-match"] !== undefined, 9);
    const { problems } = await service.check();
    own.heal();
    expect(problems).toMatchObject([{ code: "MISCONFIGURED" }]);
    expect(problems[0]?.message).toContain(status === 412 ? "`If-Match`" : "NotImplemented");
    const left = await place.client.send(new ListObjectVersionsCommand({ Bucket: place.bucket }));
    expect(left.Versions).toBeUndefined();
    client.destroy();
  });

  it.each([
    ["a bucket that is not there", "MISCONFIGURED", {}, { bucket: "nobodys" }],
    [
      "a wrong secret",
      "PERMISSION_DENIED",
      { credentials: { accessKeyId: "adk", secretAccessKey: "wrong" } },
      {},
    ],
    [
      "keys that are no more",
      "PERMISSION_DENIED",
      { credentials: { accessKeyId: "gone", secretAccessKey: "key" } },
      {},
    ],
    ["a server that is not there", "UNAVAILABLE", { endpoint: "http://127.0.0.1:1" }, {}],
  ])("rejects for %s: there is nothing to look at", async (_of, code, connection, store) => {
    await using place = await freshBucket(own);
    const client = openClient({ ...place.access, ...connection });
    const service = new S3ArtifactService({ client, bucket: place.bucket, ...store });
    const retryable = code === "UNAVAILABLE";
    await expect(service.check()).rejects.toMatchObject({ code, retryable });
    await expect(service.loadArtifact(KEY)).rejects.toMatchObject({ code });
    client.destroy();
  });

  it("reports that a bucket is another account's: each action is refused", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const options = { client, bucket: place.bucket, expectedBucketOwner: "999999999999" };
    const { problems } = await new S3ArtifactService(options).check();
    expect(problems).toMatchObject([
      { code: "PERMISSION_DENIED", message: expect.stringMatching(/^s3:PutObject /) as string },
      { code: "PERMISSION_DENIED", message: expect.stringMatching(/^s3:ListBucket /) as string },
      {
        code: "PERMISSION_DENIED",
        message: expect.stringContaining("ListBucketVersions") as string,
      },
    ]);
    client.destroy();
  });

  const denied = { status: 403, code: "AccessDenied" } as const;
  it.each<[string, string, (request: S3Request) => boolean, object, boolean]>([
    ["s3:PutObject is refused", "PERMISSION_DENIED", aPut, denied, false],
    [
      "s3:GetObject is refused",
      "PERMISSION_DENIED",
      ({ method, key }) => method === "GET" && key !== "",
      denied,
      false,
    ],
    [
      "s3:ListBucket is refused",
      "PERMISSION_DENIED",
      ({ query }) => query.has("list-type"),
      denied,
      false,
    ],
    [
      "s3:DeleteObject is refused",
      "PERMISSION_DENIED",
      ({ method }) => method === "DELETE",
      denied,
      true,
    ],
    ["(QuotaExceeded, 507)", "STORE_FULL", aPut, { status: 507, code: "QuotaExceeded" }, false],
    [
      "(InvalidStorageClass, 400)",
      "INVALID_ARGUMENT",
      aPut,
      { status: 400, code: "InvalidStorageClass" },
      false,
    ],
  ])("reports %s, and looks on", async (words, code, match, fault, isLeft) => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    own.requests.length = 0;
    own.fail(fault as typeof denied, match, 100);
    const { problems } = await service.check();
    own.heal();
    expect(problems).toMatchObject([{ code, message: expect.stringContaining(words) as string }]);
    expect(own.requests.some(({ query }) => query.has("versions"))).toBe(true);
    const left = await place.client.send(new ListObjectVersionsCommand({ Bucket: place.bucket }));
    expect(left.Versions?.length ?? 0).toBe(isLeft ? 1 : 0);
    client.destroy();
  });

  it("names old object versions that may not be listed, for they cannot be erased", async () => {
    await using place = await freshBucket(own, { versioning: true });
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    own.fail({ status: 403, code: "AccessDenied" }, ({ query }) => query.has("versions"));
    const { problems } = await service.check();
    expect(problems).toMatchObject([{ code: "PERMISSION_DENIED" }]);
    client.destroy();
  });
});

describe("old object versions that may not be listed", () => {
  it("are what an erasure ends with, each time, until they may be", async () => {
    await using place = await freshBucket(own, { versioning: true });
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    for (const artifact of [{ text: "one" }, LARGE])
      await service.saveArtifact({ ...KEY, artifact });
    const erase = async (): Promise<void> =>
      await service.deleteUserArtifacts({ appName: KEY.appName, userId: KEY.userId });
    const denied = {
      code: "PERMISSION_DENIED",
      message: expect.stringContaining("s3:ListBucketVersions") as string,
    };
    own.fail({ status: 403, code: "AccessDenied" }, ({ query }) => query.has("versions"), 100);
    await expect(erase()).rejects.toMatchObject(denied);
    // All that is left are old versions and markers now: the bucket says that it keeps them, or does not say.
    await expect(erase()).rejects.toMatchObject(denied);
    own.fail({ status: 403, code: "AccessDenied" }, ({ query }) => query.has("versioning"), 100);
    await expect(erase()).rejects.toMatchObject(denied);
    own.heal();
    await service.saveArtifact({ ...KEY, artifact: { text: "three" } });
    own.fail({ status: 403, code: "AccessDenied" }, ({ query }) => query.has("versions"), 100);
    // Of a name, too; and what is there no more is not forgotten.
    for (const _ of [1, 2]) await expect(service.deleteArtifact(KEY)).rejects.toMatchObject(denied);
    own.heal();
    await service.deleteArtifact(KEY);
    const sizes = await place.client.send(new ListObjectVersionsCommand({ Bucket: place.bucket }));
    expect(new Set(sizes.Versions?.map(({ Size }) => Size))).toEqual(new Set([0]));
    await erase();
    const left = await place.client.send(new ListObjectVersionsCommand({ Bucket: place.bucket }));
    expect([left.Versions, left.DeleteMarkers]).toEqual([undefined, undefined]);
    client.destroy();
  });
});

describe("a server without object versions", () => {
  it("is erased by what it lists", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    await service.saveArtifact({ ...KEY, artifact: LARGE });
    const isVersions = ({ query }: S3Request): boolean => query.has("versions");
    own.fail({ status: 501, code: "NotImplemented" }, isVersions, 10);
    await service.deleteUserArtifacts({ appName: KEY.appName, userId: KEY.userId });
    own.heal();
    const left = await place.client.send(new ListObjectVersionsCommand({ Bucket: place.bucket }));
    expect(left.Versions).toBeUndefined();
    client.destroy();
  });
});

describe("what is set for objects", () => {
  const options: Partial<S3ArtifactStoreOptions> = {
    expectedBucketOwner: "123456789012",
    encryption: { type: "aws:kms", kmsKeyId: "key-1", bucketKeyEnabled: true },
    storageClass: "STANDARD_IA",
    tags: { team: "search & find", use: "adk" },
  };
  const EXPECTED = {
    "x-amz-server-side-encryption": "aws:kms",
    "x-amz-server-side-encryption-aws-kms-key-id": "key-1",
    "x-amz-server-side-encryption-bucket-key-enabled": "true",
    "x-amz-storage-class": "STANDARD_IA",
    "x-amz-tagging": "team=search+%26+find&use=adk",
  };

  it("reaches PUT, parts, copies and uploads by URL; the owner reaches every request", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket, ...options });
    own.requests.length = 0;
    await service.saveArtifact({ ...KEY, artifact: { text: "small" } });
    await service.saveArtifact({ ...KEY, artifact: LARGE });
    await service.copySessionArtifacts({ ...SCOPE, newSessionId: "fork" });
    await service.loadArtifact(KEY);
    await service.listArtifactKeys(SCOPE);
    await service.purgeOrphans();
    await service.deleteSessionArtifacts(SCOPE);
    const upload = await service.createArtifactUpload({ ...KEY, mimeType: "image/png" });
    const { url, method, headers } = upload;
    expect((await fetch(url, { method, headers, body: "bytes" })).status).toBe(200);
    const made = own.requests.filter(
      ({ method: verb, query, headers: sent }) =>
        (verb === "PUT" && !query.has("partNumber")) ||
        query.has("uploads") === (verb === "POST" && sent["x-amz-date"] !== undefined),
    );
    const kinds = {
      put: own.requests.find(({ key, method: verb }) => verb === "PUT" && /\d{10}$/.test(key)),
      parts: made.find(({ method: verb, query }) => verb === "POST" && query.has("uploads")),
      copy: made.find(({ headers: sent }) => sent["x-amz-copy-source"] !== undefined),
      upload: made.find(({ query }) => query.has("X-Amz-Signature")),
    };
    for (const [kind, request] of Object.entries(kinds))
      expect(request?.headers, kind).toMatchObject(EXPECTED);
    expect(kinds.copy?.headers["x-amz-tagging-directive"]).toBe("REPLACE");
    expect(kinds.copy?.headers["x-amz-source-expected-bucket-owner"]).toBe("123456789012");
    expect(kinds.upload?.headers["if-none-match"]).toBe("*");
    for (const { method: verb, key, query, headers: sent } of own.requests)
      expect(sent["x-amz-expected-bucket-owner"], `${verb} ${key}?${query.toString()}`).toBe(
        "123456789012",
      );
    client.destroy();
  });

  it("has Google's condition where that is asked for", async () => {
    await using place = await freshBucket(own);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket, conditional: "gcs" });
    own.requests.length = 0;
    await service.saveArtifact({ ...KEY, artifact: { text: "small" } });
    const { headers } = own.requests.find(aPut)!;
    expect(headers["x-goog-if-generation-match"]).toBe("0");
    expect(headers["if-none-match"]).toBeUndefined();
    expect(headers["authorization"]).toContain("x-goog-if-generation-match");
    client.destroy();
  });

  it("is as little as possible by default", async () => {
    await using place = await freshBucket(own);
    const client = new S3Client({ ...place.access });
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    own.requests.length = 0;
    await service.saveArtifact({ ...KEY, artifact: { text: "small" } });
    const names = Object.keys(own.requests.find(aPut)!.headers);
    for (const name of Object.keys(EXPECTED)) expect(names).not.toContain(name);
    expect(names).toContain("x-amz-checksum-sha256");
    client.destroy();
  });
});

describe.skipIf(!rclone)("rclone 1.75.2", () => {
  it("is refused by check(): it ignores conditions", async () => {
    const access = s3Access(rclone!.url);
    const client = openClient(access);
    await client.send(new CreateBucketCommand({ Bucket: "checked" }));
    const service = new S3ArtifactService({ client, bucket: "checked" });
    const { problems } = await service.check();
    expect(problems.map(({ message }) => message).join()).toContain("ignores conditions");
    client.destroy();
  });
});
