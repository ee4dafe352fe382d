import type { AdkErrorCode, ArtifactKey } from "@adk/core";
import { freshBucket, s3Access, type TestServer } from "@adk/test-services";
import { ListObjectVersionsCommand, S3Client } from "@aws-sdk/client-s3";
import { buffer } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { BucketRequests, type PutRequest } from "../../src/bucket-requests.ts";
import { openClient } from "../../src/connect.ts";
import { copyObject } from "../../src/multipart.ts";
import { RequestContext } from "../../src/request-context.ts";
import { S3ArtifactService } from "../../src/s3-artifact-service.ts";

/** What a server does otherwise than S3; each is expected of it. */
export interface ServerQuirks {
  /** The status of a URL that was changed after it was signed. */
  readonly tamperedUrl?: number | undefined;
  /** What it becomes that a part is copied from an object which is not there. */
  readonly absentSource?: AdkErrorCode | undefined;
}

const KEY = { appName: "app", userId: "user", sessionId: "s", filename: "a" } satisfies ArtifactKey;
const LARGE = { inlineData: { data: new Uint8Array(6 * 1_048_576), mimeType: "video/mp4" } };

/** What the kit does not ask, of a server that keeps conditions. `undefined`: it cannot be had, and nothing is run. */
export function describeServer(
  name: string,
  server: Pick<TestServer, "url"> | undefined,
  { tamperedUrl = 403, absentSource = "ARTIFACT_CORRUPT" }: ServerQuirks = {},
): void {
  describe.skipIf(!server)(name, () => {
    describe("a client with the SDK's own defaults", () => {
      it("sends parts whose checksums the server was told of", async () => {
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

    describe("a write over an object", () => {
      it("is carried out only if the object is still the one that was found", async () => {
        await using place = await freshBucket(server!);
        const client = openClient(place.access);
        const bucket = new BucketRequests(new RequestContext({ client, bucket: place.bucket }));
        const put = (text: string): PutRequest => ({ key: "a", body: Buffer.from(text) });
        await bucket.put(put("one"));
        const [{ objects }, found] = [await bucket.list({ prefix: "a" }), await bucket.head("a")];
        expect(objects.map(({ etag }) => etag)).toEqual([found?.etag]);
        expect(await bucket.putOver(found!, put("second"))).toEqual({ isKept: false });
        expect(await bucket.putOver(found!, put("third"))).toBeUndefined();
        expect((await bucket.head("a"))?.size).toBe(6);
        await bucket.remove({ key: "a" });
        expect(await bucket.putOver(found!, put("fourth"))).toBeUndefined();
        expect(await bucket.head("a")).toBeUndefined();
        client.destroy();
      });
    });

    describe("a bucket with versioning", () => {
      it("keeps nothing of a user that was erased", async () => {
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

    describe("a copy of more than is copied at once", () => {
      it("is made in parts, and gives the same bytes", async () => {
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
        await expect(
          copyObject(bucket, none, "c", undefined, 5 * MIB, 5 * MIB),
        ).rejects.toMatchObject({
          code: absentSource,
        });
        expect(await bucket.uploads.list("")).toEqual([]);
        client.destroy();
      });
    });

    describe("URLs", () => {
      it("without credentials are PERMISSION_DENIED", async () => {
        const { endpoint } = s3Access(server!.url);
        const credentials = async (): Promise<never> => {
          throw Object.assign(new Error("none"), { name: "CredentialsProviderError" });
        };
        await using service = await S3ArtifactService.connect("s3://b", { endpoint, credentials });
        await expect(service.createArtifactUpload(KEY)).rejects.toMatchObject({
          code: "PERMISSION_DENIED",
        });
      });

      it("give the bytes, as a file, whole or beside the record", async () => {
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
        expect((await fetch(tampered)).status).toBe(tamperedUrl);
        await expect(
          service.getArtifactUrl({ ...KEY, expiresInMs: 700_000_000 }),
        ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
        client.destroy();
      });

      it("take one upload each, also when two complete it at once", async () => {
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
        await expect(
          service.completeArtifactUpload({ ...complete, size: 3 }),
        ).rejects.toMatchObject({
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
  });
}
