import { randomUUID } from "node:crypto";
import type { BaseArtifactService } from "@adk/core";
import type { S3Request } from "@adk/test-services";
import { CreateMultipartUploadCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import { BucketRequests } from "../src/bucket-requests.ts";
import { Keys } from "../src/keys.ts";
import { markOf } from "../src/purge-mark.ts";
import { Purger } from "../src/purger.ts";
import { RequestContext } from "../src/request-context.ts";
import { S3ArtifactService } from "../src/s3-artifact-service.ts";
import {
  aVersion,
  KEY,
  KEY_SCOPE,
  keysOf,
  MIB,
  of,
  openUploads,
  pieces,
  text,
  useOwnServer,
} from "./support/own-server.ts";

const { server, freshPlace } = await useOwnServer();

describe("what lies about", () => {
  it("is no name and no version, and is purged when it is old enough", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    await service.saveArtifact({ ...KEY, artifact: text("small") });
    const artifact = { inlineData: { data: new Uint8Array(6 * MIB), mimeType: "video/mp4" } };
    await service.saveArtifact({ ...KEY, filename: "large", artifact });
    const keys = new Keys("p");
    const { client, bucket: Bucket } = place.bucket;
    for (const filename of ["a", "large", "nobody"]) {
      const Key = keys.blob({ ...KEY, filename }, randomUUID());
      await client.send(new PutObjectCommand({ Bucket, Key, Body: "orphan" }));
    }
    const { sessionId: _none, ...users } = KEY;
    const Key = keys.blob(users, randomUUID());
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "orphan" }));
    expect(await service.listArtifactKeys(KEY_SCOPE)).toEqual(["a", "large"]);
    expect(await service.listVersions(KEY)).toEqual([0]);
    expect(await service.purgeOrphans()).toBe(0);
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(4);
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
    expect((await service.loadArtifact({ ...KEY, filename: "large" }))?.inlineData).toBeDefined();
  });

  it("of an upload under way is left alone by a purge of the same process", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces(MIB, 7);
      expect(await openUploads(place.bucket)).toBe(1);
      expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
      yield* pieces(MIB, 1);
    };
    expect(await service.saveArtifactStream({ ...KEY, body: body() })).toBe(0);
    expect((await service.getArtifactVersion(KEY))?.size).toBe(8 * MIB);
  });

  it("in place of a version keeps neither a purge of other names nor a deletion of its own", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    const keys = new Keys("p");
    const { client, bucket: Bucket } = place.bucket;
    for (const filename of ["a", "b"]) {
      await service.saveArtifact({ ...KEY, filename, artifact: text("small") });
      const Key = keys.blob({ ...KEY, filename }, randomUUID());
      await client.send(new PutObjectCommand({ Bucket, Key, Body: "orphan" }));
    }
    const Key = keys.version(KEY, { life: 0, version: 1 });
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "metadata lost at a restore" }));
    await expect(service.loadArtifact(KEY)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    // Of its own name nothing is purged: what it named is not known.
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(1);
    await service.deleteArtifact(KEY);
    expect(await service.listArtifactKeys(KEY_SCOPE)).toEqual(["b"]);
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(1);
  });

  it("of other programs is left alone by a service that has the bucket without a prefix", async () => {
    await using place = await freshPlace();
    const { client, bucket: Bucket } = place.bucket;
    const service = new S3ArtifactService({ client, bucket: Bucket });
    const film = { Bucket, Key: "films/b/film.mp4" };
    await client.send(new CreateMultipartUploadCommand(film));
    await client.send(new PutObjectCommand({ ...film, Body: "film" }));
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
    expect(await openUploads(place.bucket)).toBe(1);
  });

  it("of a process that died amid an upload is purged", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    server.fail("drop", of("DELETE", "uploadId"), 100);
    server.fail({ status: 403, code: "AccessDenied" }, of("PUT", "partNumber=2"));
    const save = service.saveArtifactStream({ ...KEY, body: pieces(MIB, 12) });
    await expect(save).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    server.heal();
    expect(await openUploads(place.bucket)).toBe(1);
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(1);
    expect(await openUploads(place.bucket)).toBe(0);
  });
});

describe("a purge of another process", () => {
  const NAME = "p/app/user/s/s/a/";
  const listsVersions = (request: S3Request): boolean =>
    request.method === "GET" &&
    request.query.get("prefix") === NAME &&
    !request.query.has("max-keys");
  const marks = (request: S3Request): boolean =>
    request.method === "PUT" && request.key.includes("!purge-");
  const upload = { ...KEY, mimeType: "video/mp4" };

  async function uploaded(service: BaseArtifactService): Promise<string> {
    const { uploadId, url, method, headers } = await service.createArtifactUpload(upload);
    expect((await fetch(url, { method, headers, body: "the bytes" })).status).toBe(200);
    return uploadId;
  }

  /** Begins a purge of everything that no version names; it stops while it is told which versions there are. */
  async function stoppedPurge(
    service: BaseArtifactService,
    when: (request: S3Request) => boolean,
  ): Promise<{ goOn(): void; purged: Promise<number> }> {
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>();
    server.fail({ holdBodyAfter: 0, until }, (request) => {
      const isMeant = when(request);
      if (isMeant) reach();
      return isMeant;
    });
    const purged = service.purgeOrphans({ olderThanMs: 0 });
    await reached;
    return { goOn, purged };
  }

  it("that has found no version yet leaves the bytes of one that is completed meanwhile", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open(), await place.open()];
    const uploadId = await uploaded(service);
    const { goOn, purged } = await stoppedPurge(other, listsVersions);
    expect(await service.completeArtifactUpload({ ...upload, uploadId })).toBe(0);
    goOn();
    expect(await purged).toBe(0);
    expect(server.requests.some(marks)).toBe(true);
    expect((await service.loadArtifact(KEY))?.inlineData?.mimeType).toBe("video/mp4");
    expect((await keysOf(place.bucket)).filter((key) => key.includes("!"))).toEqual([]);
  });

  it.each([
    ["an upload is completed", 0],
    ["a large save ends", 6 * MIB],
  ])("that is about to remove the bytes when %s has the version taken back", async (_of, size) => {
    await using place = await freshPlace();
    const [service, other] = [await place.open({ maxAttempts: 1 }), await place.open()];
    const inlineData = { data: new Uint8Array(size), mimeType: "video/mp4" };
    let finish: () => Promise<number>;
    if (size === 0) {
      const uploadId = await uploaded(service);
      finish = async () => await service.completeArtifactUpload({ ...upload, uploadId });
    } else {
      // Its parts are there, and its answer is not.
      const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
      server.fail({ holdBodyAfter: 0, until }, of("POST", "uploadId"));
      const save = service.saveArtifact({ ...KEY, artifact: { inlineData } });
      await expect.poll(() => server.requests.some(of("POST", "uploadId"))).toBe(true);
      finish = async () => {
        goOn();
        return await save;
      };
    }
    const isSecond = (request: S3Request): boolean =>
      listsVersions(request) && server.requests.some(marks);
    const { goOn, purged } = await stoppedPurge(other, isSecond);
    await expect(finish()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    goOn();
    expect(await purged).toBe(1);
    expect(await service.listVersions(KEY)).toEqual([]);
    expect(await service.listArtifactKeys(KEY_SCOPE)).toEqual([]);
    // Its place stays taken.
    expect(await keysOf(place.bucket)).toHaveLength(1);
    expect(await service.saveArtifact({ ...KEY, artifact: text("next") })).toBe(1);
    expect(await service.listVersions(KEY)).toEqual([1]);
  });

  it("that is about to leave the bytes keeps a repeated completion waiting, and no version is lost", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open({ maxAttempts: 1 }), await place.open()];
    const uploadId = await uploaded(service);
    const complete = { ...upload, uploadId };
    const first = await stoppedPurge(other, listsVersions);
    expect(await service.completeArtifactUpload(complete)).toBe(0);
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    server.fail(
      { holdBodyAfter: 0, until },
      (request) => listsVersions(request) && server.requests.some(marks),
    );
    first.goOn();
    await expect.poll(() => server.requests.some(marks)).toBe(true);
    await expect(service.completeArtifactUpload(complete)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("A purge is just looking") as string,
    });
    goOn();
    expect(await first.purged).toBe(0);
    expect(await service.completeArtifactUpload(complete)).toBe(0);
    expect(await service.listVersions(KEY)).toEqual([0]);
  });

  it("beside two that complete one upload takes nothing back that one of them was told of", async () => {
    await using place = await freshPlace();
    const [one, two] = [await place.open({ maxAttempts: 1 }), await place.open()];
    const uploadId = await uploaded(one);
    const complete = { ...upload, uploadId };
    // The first one's version is there, and it does not know yet.
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    server.fail({ holdBodyAfter: 0, until }, aVersion("PUT"));
    const late = one.completeArtifactUpload(complete);
    late.catch(() => undefined);
    await expect.poll(() => server.requests.some(aVersion("PUT"))).toBe(true);
    const purge = await stoppedPurge(await place.open(), listsVersions);
    expect(await two.completeArtifactUpload(complete)).toBe(0);
    // A purge marks the bytes now; it has read that no version names them only if it was quicker.
    const { client, bucket: Bucket } = place.bucket;
    const Key = markOf(new Keys("p").blob(KEY, uploadId), "another");
    await client.send(new PutObjectCommand({ Bucket, Key, Body: "" }));
    goOn();
    await expect(late).rejects.toMatchObject({
      code: "UNAVAILABLE",
      details: { committed: "unknown" },
    });
    purge.goOn();
    expect(await purge.purged).toBe(0);
    expect(await two.listVersions(KEY)).toEqual([0]);
    expect((await two.loadArtifact(KEY))?.inlineData?.mimeType).toBe("video/mp4");
  });

  it("that died leaves a mark, which is removed when it is a day old", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    const uploadId = await uploaded(service);
    const { client, bucket } = place.bucket;
    const Key = markOf(new Keys("p").blob(KEY, uploadId), "died");
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: new Uint8Array(0) }));
    const complete = { ...upload, uploadId };
    await expect(service.completeArtifactUpload(complete)).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(await service.purgeOrphans()).toBe(0);
    expect(await keysOf(place.bucket)).toContain(Key);
    const requests = new BucketRequests(new RequestContext({ client, bucket }));
    const tomorrow = (): number => Date.now() + 86_402_000;
    const purger = new Purger(requests, new Keys("p"), new Set(), tomorrow);
    expect(await purger.purge({ olderThanMs: 2 * 86_400_000 })).toBe(0);
    // Its version was there all the time: who else completed it may have been told so.
    expect(await service.completeArtifactUpload(complete)).toBe(0);
    expect(await service.listVersions(KEY)).toEqual([0]);
    expect((await keysOf(place.bucket)).filter((key) => key.includes("!"))).toEqual([]);
  });

  it("beside another one keeps its own mark, and takes away no other's", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    const [one, two] = [await place.open(), await place.open()];
    const uploadId = await uploaded(service);
    const complete = { ...upload, uploadId };
    const behindMarks = (count: number) => (request: S3Request) =>
      listsVersions(request) && server.requests.filter(marks).length === count;
    const marksNow = async (): Promise<string[]> =>
      (await keysOf(place.bucket)).filter((key) => key.includes("!purge-"));
    const first = await stoppedPurge(one, behindMarks(1));
    const [mark] = await marksNow();
    const other = await stoppedPurge(two, behindMarks(2));
    expect(await marksNow()).toHaveLength(2);
    other.goOn();
    expect(await other.purged).toBe(1);
    expect(await marksNow()).toEqual([mark]);
    await expect(service.completeArtifactUpload(complete)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    first.goOn();
    await first.purged;
    expect(await keysOf(place.bucket)).toEqual([]);
  });

  it("withdraws the version of a publisher that died before it looked for the mark", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open({ maxAttempts: 1 }), await place.open()];
    await service.saveArtifact({ ...KEY, artifact: text("before") });
    const uploadId = await uploaded(service);
    const isSecond = (request: S3Request): boolean =>
      listsVersions(request) && server.requests.some(marks);
    const { goOn, purged } = await stoppedPurge(other, isSecond);
    server.fail("drop", (request) => request.query.get("prefix")?.includes("!purge-") ?? false, 99);
    const complete = service.completeArtifactUpload({ ...upload, uploadId });
    await expect(complete).rejects.toMatchObject({ details: { committed: "unknown" } });
    goOn();
    expect(await purged).toBe(1);
    server.heal();
    expect(await service.listVersions(KEY)).toEqual([0]);
    expect(await service.loadArtifact(KEY)).toEqual(text("before"));
    expect(await service.saveArtifact({ ...KEY, artifact: text("after") })).toBe(2);
  });
});
