import type { BaseArtifactService } from "@adk/core";
import type { S3Request } from "@adk/test-services";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import type { ConnectS3Options } from "../src/s3-artifact-service.ts";
import { markOf } from "../src/purge-mark.ts";
import {
  KEY,
  KEY_SCOPE,
  keysOf,
  of,
  type Place,
  text,
  useOwnServer,
} from "./support/own-server.ts";

const { server, freshPlace } = await useOwnServer();

describe("copies", () => {
  const FORK = { ...KEY_SCOPE, sessionId: "fork" };
  const FORK_KEY = { ...FORK, filename: "a" };
  it("that fail amid are none", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    for (const filename of ["a", "b", "c"])
      await service.saveArtifact({ ...KEY, filename, artifact: text(filename) });
    const request = { ...KEY_SCOPE, newSessionId: "fork" };
    server.fail({ status: 403, code: "AccessDenied" }, of("PUT", "user/s/fork/c/"));
    await expect(service.copySessionArtifacts(request)).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
    });
    server.heal();
    expect(await service.listArtifactKeys(FORK)).toEqual([]);
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
    await service.copySessionArtifacts(request);
    expect(await service.listArtifactKeys(FORK)).toEqual(["a", "b", "c"]);
    expect(await service.loadArtifact({ ...FORK, filename: "c" })).toEqual(text("c"));
  });

  it("that cannot be taken back whole say why they failed, and take back what they can", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    for (const filename of ["a", "b", "c"])
      await service.saveArtifact({ ...KEY, filename, artifact: text(filename) });
    const request = { ...KEY_SCOPE, newSessionId: "fork" };
    server.fail({ status: 507, code: "QuotaExceeded" }, of("PUT", "user/s/fork/c/"));
    const isTakenBack = (request: S3Request): boolean => request.headers["if-match"] !== undefined;
    server.fail({ status: 403, code: "AccessDenied" }, (request) => {
      return isTakenBack(request) && request.key.includes("user/s/fork/a/");
    });
    await expect(service.copySessionArtifacts(request)).rejects.toMatchObject({
      code: "STORE_FULL",
      details: { committed: "unknown" },
    });
    server.heal();
    expect(await service.listArtifactKeys(FORK)).toEqual(["a"]);
  });

  it("that fail leave no place free: who remembers a number meets what stood there", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open({ maxAttempts: 1 }), await place.open()];
    for (const filename of ["a", "b"])
      await service.saveArtifact({ ...KEY, filename, artifact: text(filename) });
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    server.fail({ holdBodyAfter: 0, until }, of("PUT", "user/s/fork/b/"));
    server.fail({ status: 403, code: "AccessDenied" }, of("HEAD", "user/b/s/fork/"), 2);
    const copied = service.copySessionArtifacts({ ...KEY_SCOPE, newSessionId: "fork" });
    await expect
      .poll(async () => await other.listVersions({ ...FORK, filename: "a" }))
      .toEqual([0]);
    expect(await other.saveArtifact({ ...FORK, filename: "a", artifact: text("own") })).toBe(1);
    goOn();
    await expect(copied).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    const later = await place.open();
    expect(await later.listVersions({ ...FORK, filename: "a" })).toEqual([1]);
    expect(await later.saveArtifact({ ...FORK, filename: "a", artifact: text("more") })).toBe(2);
    expect(await other.saveArtifact({ ...FORK, filename: "b", artifact: text("own") })).toBe(1);
  });

  it("whose first try died before its bytes were purged are made again", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    await service.saveArtifact({ ...KEY, artifact: text("kept") });
    const request = { ...KEY_SCOPE, newSessionId: "fork" };
    await service.copySessionArtifacts(request);
    const { client, bucket: Bucket } = place.bucket;
    const [blob = ""] = (await keysOf(place.bucket)).filter((key) => key.includes("/b/s/fork/"));
    await client.send(new PutObjectCommand({ Bucket, Key: markOf(blob, "1"), Body: "" }));
    const impatient = await place.open({ maxAttempts: 1 });
    await expect(impatient.copySessionArtifacts(request)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("A purge is just looking") as string,
    });
    for (const Key of [blob, markOf(blob, "1")])
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
    await expect(impatient.loadArtifact(FORK_KEY)).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
    });
    await service.copySessionArtifacts(request);
    expect(await impatient.loadArtifact(FORK_KEY)).toEqual(text("kept"));
    expect(await impatient.listVersions(FORK_KEY)).toEqual([0]);
  });

  it("of two sources into one place that holds no version are not written over", async () => {
    await using place = await freshPlace();
    const [one, two] = [await place.open({ maxAttempts: 1 }), await place.open()];
    for (const sessionId of ["s", "t"])
      for (const value of ["first", "second"])
        await one.saveArtifact({ ...KEY, sessionId, artifact: text(`${value} of ${sessionId}`) });
    const first = { ...KEY_SCOPE, newSessionId: "fork", versions: [{ filename: "a", version: 0 }] };
    // Version 0 is sealed, as by a copy that does not begin with it.
    await two.copySessionArtifacts({ ...first, versions: [{ filename: "a", version: 1 }] });
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    const copies = (request: S3Request): boolean =>
      request.headers["x-amz-copy-source"] !== undefined && request.key.includes("/b/s/fork/");
    server.requests.length = 0;
    server.fail({ holdBodyAfter: 0, until }, copies);
    const late = one.copySessionArtifacts(first);
    await expect.poll(() => server.requests.some(copies)).toBe(true);
    await two.copySessionArtifacts({ ...first, sessionId: "t" });
    goOn();
    await expect(late).rejects.toMatchObject({ code: "ARTIFACT_CONFLICT" });
    expect(await two.loadArtifact({ ...FORK_KEY, version: 0 })).toEqual(text("first of t"));
    expect(await two.listVersions(FORK_KEY)).toEqual([0, 1]);
    // Its bytes are taken back; what it was in the way of keeps its own.
    expect((await keysOf(place.bucket)).filter((key) => key.includes("/b/s/fork/"))).toHaveLength(
      2,
    );
  });

  it("of one source at once are one copy, and the bytes of one of them are removed", async () => {
    await using place = await freshPlace();
    const [one, two] = [await place.open({ maxAttempts: 1 }), await place.open()];
    await one.saveArtifact({ ...KEY, artifact: text("a") });
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    const copies = (request: S3Request): boolean =>
      request.headers["x-amz-copy-source"] !== undefined;
    server.fail({ holdBodyAfter: 0, until }, copies);
    const request = { ...KEY_SCOPE, newSessionId: "fork" };
    const late = one.copySessionArtifacts(request);
    await expect.poll(() => server.requests.some(copies)).toBe(true);
    await two.copySessionArtifacts(request);
    goOn();
    await late;
    expect((await keysOf(place.bucket)).filter((key) => key.includes("/b/"))).toHaveLength(1);
    expect(await two.loadArtifact(FORK_KEY)).toEqual(text("a"));
  });

  /** Three versions to copy, and a copy of some of them that stops when it has made sure that nobody comes in front of them. */
  async function stoppedCopy(
    place: Place,
    versions: number[],
    options: ConnectS3Options = { maxAttempts: 1 },
  ): Promise<{ copied: Promise<void>; goOn(): void; other: BaseArtifactService }> {
    const [service, other] = [await place.open(options), await place.open()];
    for (const value of ["zero", "one", "two"])
      await service.saveArtifact({ ...KEY, artifact: text(value) });
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    const skips = (request: S3Request): boolean =>
      request.method === "PUT" && request.headers["x-amz-meta-adk-form"] === "withdrawn";
    server.fail({ holdBodyAfter: 0, until }, skips);
    const copied = service.copySessionArtifacts({
      ...KEY_SCOPE,
      newSessionId: "fork",
      versions: versions.map((version) => ({ filename: "a", version })),
    });
    copied.catch(() => undefined);
    await expect.poll(() => server.requests.some(skips)).toBe(true);
    return { copied, goOn, other };
  }

  it("of two versions at once are both there, whichever was planned first", async () => {
    await using place = await freshPlace();
    const { copied, goOn, other } = await stoppedCopy(place, [1], {});
    const versions = [{ filename: "a", version: 2 }];
    await other.copySessionArtifacts({ ...KEY_SCOPE, newSessionId: "fork", versions });
    goOn();
    await copied;
    expect(await (await place.open()).listVersions(FORK_KEY)).toEqual([1, 2]);
  });

  it("meet a save that came in front of them, and neither hides the other", async () => {
    await using place = await freshPlace();
    const { copied, goOn, other } = await stoppedCopy(place, [1]);
    expect(await other.saveArtifact({ ...FORK_KEY, artifact: text("own") })).toBe(1);
    goOn();
    await expect(copied).rejects.toMatchObject({ code: "ARTIFACT_CONFLICT" });
    expect(await (await place.open()).loadArtifact(FORK_KEY)).toEqual(text("own"));
  });

  it("that a deletion overtook are not acknowledged", async () => {
    await using place = await freshPlace();
    const { copied, goOn, other } = await stoppedCopy(place, [1]);
    await other.deleteArtifact(FORK_KEY);
    goOn();
    await expect(copied).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    const later = await place.open();
    expect(await later.listVersions(FORK_KEY)).toEqual([]);
    expect(await later.saveArtifact({ ...FORK_KEY, artifact: text("own") })).toBe(0);
  });

  it("beside a process that remembers a number in front of them are not hidden from it", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open(), await place.open()];
    for (const value of ["0", "1", "2", "3", "4", "5"])
      await service.saveArtifact({ ...KEY, artifact: text(value) });
    for (const value of ["own", "own"])
      await other.saveArtifact({ ...FORK_KEY, artifact: text(value) });
    const versions = [{ filename: "a", version: 5 }];
    await service.copySessionArtifacts({ ...KEY_SCOPE, newSessionId: "fork", versions });
    expect(await other.saveArtifact({ ...FORK_KEY, artifact: text("latest") })).toBe(6);
    expect(await service.loadArtifact(FORK_KEY)).toEqual(text("latest"));
    expect(await service.listVersions(FORK_KEY)).toEqual([0, 1, 5, 6]);
  });
});
