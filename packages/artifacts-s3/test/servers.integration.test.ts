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
import { CreateBucketCommand, ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, it } from "vitest";
import { buffer } from "node:stream/consumers";
import { BucketRequests } from "../src/bucket-requests.ts";
import { openClient } from "../src/connect.ts";
import { copyObject } from "../src/multipart.ts";
import { RequestContext } from "../src/request-context.ts";
import { S3ArtifactService } from "../src/s3-artifact-service.ts";
import type { S3ArtifactStoreOptions } from "../src/store-options.ts";

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

describe.each([
  { name: "our own server", server: own },
  { name: "SeaweedFS", server: shared },
])("a client with the SDK's own defaults, $name", ({ server }) => {
  it.skipIf(!server)("sends parts whose checksums the server was told of", async () => {
    await using place = await freshBucket(server!);
    const client = new S3Client({ ...place.access });
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    expect(await service.saveArtifact({ ...KEY, artifact: LARGE })).toBe(0);
    expect(await service.loadArtifact(KEY)).toMatchObject({
      inlineData: { mimeType: "video/mp4" },
    });
    client.destroy();
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

  it.skipIf(!rclone)("refuses rclone, which does", async () => {
    const access = s3Access(rclone!.url);
    const client = openClient(access);
    await client.send(new CreateBucketCommand({ Bucket: "checked" }));
    const service = new S3ArtifactService({ client, bucket: "checked" });
    const { problems } = await service.check();
    expect(problems.map(({ message }) => message).join()).toContain("ignores conditions");
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
      "a bucket of another account",
      "PERMISSION_DENIED",
      {},
      { expectedBucketOwner: "999999999999" },
    ],
  ])("says what is wrong with %s", async (_of, code, connection, store) => {
    await using place = await freshBucket(own);
    const client = openClient({ ...place.access, ...connection });
    const service = new S3ArtifactService({ client, bucket: place.bucket, ...store });
    await expect(service.check()).rejects.toMatchObject({ code, retryable: false });
    await expect(service.loadArtifact(KEY)).rejects.toMatchObject({ code });
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
    // All that is left are old versions and markers now: the bucket says that it keeps them.
    await expect(erase()).rejects.toMatchObject(denied);
    own.heal();
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

describe.each([
  { name: "our own server", server: own },
  { name: "SeaweedFS", server: shared },
])("a bucket with versioning, $name", ({ server }) => {
  it.skipIf(!server)("keeps nothing of a user that was erased", async () => {
    await using place = await freshBucket(server!, { versioning: true });
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket, prefix: "p" });
    for (const artifact of [{ text: "one" }, { text: "two" }, LARGE])
      await service.saveArtifact({ ...KEY, artifact });
    await service.saveArtifact({ ...KEY, filename: "user:u", artifact: { text: "u" } });
    await service.saveArtifact({ ...KEY, userId: "other", artifact: { text: "stays" } });
    await service.deleteArtifact(KEY);
    const found = async (Prefix: string): Promise<(number | undefined)[]> => {
      const Bucket = place.bucket;
      const page = await place.client.send(new ListObjectVersionsCommand({ Bucket, Prefix }));
      expect(page.DeleteMarkers ?? []).toEqual([]);
      return (page.Versions ?? []).map(({ Size }) => Size);
    };
    // What is left of a name that was deleted is empty, its old object versions included.
    expect(new Set(await found("p/app/user/s/"))).toEqual(new Set([0]));
    expect(await found("p/app/user/b/")).toEqual([]);
    await service.deleteUserArtifacts({ appName: KEY.appName, userId: KEY.userId });
    expect(await found("p/app/user/")).toEqual([]);
    expect(await found("p/app/other/")).toHaveLength(1);
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

describe.each([
  { name: "our own server", server: own },
  { name: "SeaweedFS", server: shared },
])("a copy of more than is copied at once, $name", ({ server }) => {
  it.skipIf(!server)("is made in parts, and gives the same bytes", async () => {
    await using place = await freshBucket(server!);
    const client = openClient(place.access);
    const context = new RequestContext({ client, bucket: place.bucket });
    const bucket = new BucketRequests(context);
    const MIB = 1_048_576;
    const body = new Uint8Array(12 * MIB).map((_byte, index) => index % 251);
    await bucket.put({ key: "a/!2F", body });
    const source = { key: "a/!2F", size: body.length, contentType: "video/mp4" };
    expect(await copyObject(bucket, source, "b", undefined, 5 * MIB, 5 * MIB)).toBe(true);
    const found = await bucket.get("b");
    expect(Buffer.compare(await buffer(found!.body), body)).toBe(0);
    expect(await bucket.uploads.list("")).toEqual([]);
    const none = { ...source, key: "none" };
    expect(await copyObject(bucket, none, "c")).toBe(false);
    await expect(copyObject(bucket, none, "c", undefined, 5 * MIB, 5 * MIB)).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
    });
    expect(await bucket.uploads.list("")).toEqual([]);
    client.destroy();
  });
});

describe.each([
  { name: "our own server", server: own },
  { name: "SeaweedFS", server: shared },
])("URLs, $name", ({ server }) => {
  it.skipIf(!server)("without credentials are PERMISSION_DENIED", async () => {
    const { endpoint } = s3Access(server!.url);
    const credentials = async (): Promise<never> => {
      throw Object.assign(new Error("none"), { name: "CredentialsProviderError" });
    };
    await using service = await S3ArtifactService.connect("s3://b", { endpoint, credentials });
    await expect(service.createArtifactUpload(KEY)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
  });

  it.skipIf(!server)("give the bytes, as a file, whole or beside the record", async () => {
    await using place = await freshBucket(server!);
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    await service.saveArtifact({ ...KEY, filename: "a/ö.txt", artifact: { text: "small" } });
    await service.saveArtifact({ ...KEY, artifact: LARGE });
    const small = await fetch(
      (await service.getArtifactUrl({ ...KEY, filename: "a/ö.txt" })) ?? "",
    );
    expect([small.headers.get("content-type"), await small.text()]).toEqual([
      "text/plain",
      "small",
    ]);
    expect(small.headers.get("content-disposition")).toBe(
      `attachment; filename="_.txt"; filename*=UTF-8''%C3%B6.txt`,
    );
    const large = await fetch((await service.getArtifactUrl(KEY)) ?? "");
    expect(large.headers.get("content-type")).toBe("video/mp4");
    expect((await large.arrayBuffer()).byteLength).toBe(LARGE.inlineData.data.length);
    const url = (await service.getArtifactUrl(KEY)) ?? "";
    const tampered = url.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=9999");
    expect((await fetch(tampered)).status).toBe(403);
    await expect(
      service.getArtifactUrl({ ...KEY, expiresInMs: 700_000_000 }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    client.destroy();
  });

  it.skipIf(!server)("take one upload each, also when two complete it at once", async () => {
    await using place = await freshBucket(server!);
    const client = openClient(place.access);
    const options = { client, bucket: place.bucket, maxBytes: 1_000 };
    const services = [new S3ArtifactService(options), new S3ArtifactService(options)];
    const service = services[0]!;
    await service.saveArtifact({ ...KEY, artifact: { text: "before" } });
    const { url, method, headers, uploadId } = await service.createArtifactUpload(KEY);
    expect((await fetch(url, { method, headers, body: "the bytes" })).status).toBe(200);
    expect((await fetch(url, { method, headers, body: "other bytes" })).status).toBe(412);
    const complete = { ...KEY, uploadId, mimeType: "text/plain" };
    await expect(service.completeArtifactUpload({ ...complete, size: 3 })).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
    });
    const versions = await Promise.all(
      services.map((each) => each.completeArtifactUpload(complete)),
    );
    expect(versions).toEqual([1, 1]);
    await service.saveArtifact({ ...KEY, artifact: { text: "after" } });
    // Another process knows nothing of it but what is in the bucket.
    const third = new S3ArtifactService(options);
    expect(await third.completeArtifactUpload(complete)).toBe(1);
    expect(await third.listVersions(KEY)).toEqual([0, 1, 2]);
    const part = await third.loadArtifact({ ...KEY, version: 1 });
    expect(Buffer.from(part?.inlineData?.data ?? "", "base64").toString()).toBe("the bytes");
    const second = await service.createArtifactUpload(KEY);
    const body = "x".repeat(1_001);
    await fetch(second.url, { method, headers: second.headers, body });
    await expect(
      service.completeArtifactUpload({ ...KEY, uploadId: second.uploadId }),
    ).rejects.toMatchObject({ code: "ARTIFACT_TOO_LARGE" });
    client.destroy();
  });
});
