import { createHash, randomUUID } from "node:crypto";
import type { ArtifactKey, BaseArtifactService } from "@adk/core";
import { freshBucket, S3Server, type FreshBucket, type S3Request } from "@adk/test-services";
import {
  CreateMultipartUploadCommand,
  ListObjectsV2Command,
  ListMultipartUploadsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { BucketRequests } from "../src/bucket-requests.ts";
import { Keys, type Position } from "../src/keys.ts";
import { markOf } from "../src/purge-mark.ts";
import { Purger } from "../src/purger.ts";
import { RequestContext } from "../src/request-context.ts";
import { recordObject } from "../src/record.ts";
import { VersionLog } from "../src/version-log.ts";
import { S3ArtifactService, type ConnectS3Options } from "../src/s3-artifact-service.ts";

const server = await S3Server.start();
afterAll(async () => await server[Symbol.asyncDispose]());

const KEY = { appName: "app", userId: "user", sessionId: "s", filename: "a" } satisfies ArtifactKey;
const KEY_SCOPE = { appName: KEY.appName, userId: KEY.userId, sessionId: KEY.sessionId };
const MIB = 1_048_576;
const text = (value: string): { text: string } => ({ text: value });
const of = (method: string, part: string) => (request: S3Request) =>
  request.method === method && `${request.key}?${request.query.toString()}`.includes(part);
const aVersion = (method: string) => (request: S3Request) =>
  request.method === method && /\/\d{10}-\d{10}$/.test(request.key);

interface Place extends AsyncDisposable {
  readonly bucket: FreshBucket;
  open(options?: ConnectS3Options): Promise<BaseArtifactService>;
}

async function freshPlace(): Promise<Place> {
  const bucket = await freshBucket(server);
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

async function* pieces(size: number, count: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield new Uint8Array(size).fill(index);
}

async function openUploads({ client, bucket: Bucket }: FreshBucket): Promise<number> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
  return Uploads.length;
}

beforeEach(() => {
  server.heal();
  server.requests.length = 0;
});

describe("what the server does to a save", () => {
  it("a lost reply, also to the SDK's own second try, is one version", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    expect(await service.saveArtifact({ ...KEY, artifact: text("zero") })).toBe(0);
    server.fail("lose-reply", aVersion("PUT"), 2);
    expect(await service.saveArtifact({ ...KEY, artifact: text("one") })).toBe(1);
    expect(await service.saveArtifact({ ...KEY, artifact: text("two") })).toBe(2);
    expect(await service.listVersions(KEY)).toEqual([0, 1, 2]);
  });

  it("replies that are lost until the SDK gives up are found by the service's next try", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    server.fail("lose-reply", aVersion("PUT"), 4);
    expect(await service.saveArtifact({ ...KEY, artifact: text("zero") })).toBe(0);
    expect(await service.listVersions(KEY)).toEqual([0]);
  });

  it("409 asks again at the same place", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    server.fail({ status: 409, code: "ConditionalRequestConflict" }, aVersion("PUT"), 3);
    expect(await service.saveArtifact({ ...KEY, artifact: text("zero") })).toBe(0);
    const puts = server.requests.filter(aVersion("PUT"));
    expect(new Set(puts.map(({ key }) => key)).size).toBe(1);
    expect(puts).toHaveLength(4);
  });

  it("412 where nothing is: the place is looked for, and the save arrives", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    server.fail({ status: 412, code: "PreconditionFailed" }, aVersion("PUT"));
    expect(await service.saveArtifact({ ...KEY, artifact: text("zero") })).toBe(0);
  });

  it("503 is asked again by the SDK", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    server.fail({ status: 503, code: "SlowDown" }, aVersion("PUT"), 2);
    expect(await service.saveArtifact({ ...KEY, artifact: text("zero") })).toBe(0);
    server.fail({ status: 503, code: "SlowDown" }, aVersion("GET"), 2);
    expect(await service.loadArtifact(KEY)).toEqual(text("zero"));
  });

  it("403 is PERMISSION_DENIED at once, without a second try, and never an empty answer", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    await service.saveArtifact({ ...KEY, artifact: text("zero") });
    for (const call of [
      () => service.loadArtifact(KEY),
      () => service.listArtifactKeys(KEY_SCOPE),
      () => service.listVersions(KEY),
      () => service.deleteArtifact(KEY),
      () => service.saveArtifact({ ...KEY, artifact: text("one") }),
    ]) {
      server.fail({ status: 403, code: "AccessDenied" }, () => true, 100);
      await expect(call()).rejects.toMatchObject({ code: "PERMISSION_DENIED", retryable: false });
      server.heal();
    }
    server.requests.length = 0;
    server.fail({ status: 403, code: "AccessDenied" });
    await expect(service.loadArtifact(KEY)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("requests", () => {
  it("a save is one, of new names and of one name", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    server.requests.length = 0;
    for (let index = 0; index < 20; index++)
      await service.saveArtifact({ ...KEY, filename: `n${index}`, artifact: text("x") });
    expect(server.requests).toHaveLength(20);
    server.requests.length = 0;
    for (let index = 0; index < 20; index++)
      expect(await service.saveArtifact({ ...KEY, artifact: text("x") })).toBe(index);
    // Once it is looked whether something stands behind the first one.
    expect(server.requests).toHaveLength(21);
  });

  it("savers of one process wait for each other, those of two find their places", async () => {
    await using place = await freshPlace();
    const services = [await place.open(), await place.open()];
    const saves = Array.from({ length: 32 }, (_item, index) =>
      services[index % 2]!.saveArtifact({ ...KEY, artifact: text(`${index}`) }),
    );
    const versions = await Promise.all(saves);
    expect(versions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 32 }, (_x, i) => i));
  });
});

describe("a process that remembers nothing", () => {
  it("finds a name that was deleted ended, and begins at 0 behind it", async () => {
    await using place = await freshPlace();
    const [first, second] = [await place.open(), await place.open()];
    for (const value of ["a", "b"]) await first.saveArtifact({ ...KEY, artifact: text(value) });
    await second.deleteArtifact(KEY);
    expect(await (await place.open()).saveArtifact({ ...KEY, artifact: text("new") })).toBe(0);
    for (const service of [first, second, await place.open()]) {
      expect(await service.loadArtifact(KEY)).toEqual(text("new"));
      expect(await service.loadArtifact({ ...KEY, version: 0 })).toEqual(text("new"));
      expect(await service.loadArtifact({ ...KEY, version: 1 })).toBeUndefined();
      expect(await service.listVersions(KEY)).toEqual([0]);
    }
    await (await place.open()).deleteArtifact(KEY);
    expect(await (await place.open()).listArtifactKeys(KEY_SCOPE)).toEqual([]);
    expect(await first.saveArtifact({ ...KEY, artifact: text("third life") })).toBe(0);
  });

  it("goes on behind versions that were copied without the first", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    for (const value of ["a", "b"]) await service.saveArtifact({ ...KEY, artifact: text(value) });
    const versions = [{ filename: KEY.filename, version: 1 }];
    await service.copySessionArtifacts({ ...KEY_SCOPE, newSessionId: "fork", versions });
    const fork = { ...KEY, sessionId: "fork" };
    expect(await (await place.open()).saveArtifact({ ...fork, artifact: text("c") })).toBe(2);
    expect(await service.listVersions(fork)).toEqual([1, 2]);
    // The copy of the first takes the place that was kept.
    await service.copySessionArtifacts({ ...KEY_SCOPE, newSessionId: "fork" });
    expect(await service.listVersions(fork)).toEqual([0, 1, 2]);
    expect(await service.loadArtifact({ ...fork, version: 0 })).toEqual(text("a"));
  });
});

describe("versions that are taken back", () => {
  it("hide no other, whatever their order, and their places are never free again", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open(), await place.open()];
    for (const value of ["a", "b"]) await service.saveArtifact({ ...KEY, artifact: text(value) });
    const { client, bucket } = place.bucket;
    const keys = new Keys("p");
    const log = new VersionLog(new BucketRequests(new RequestContext({ client, bucket })), keys);
    const publish = async (blob: string): Promise<Position> => {
      const metadata = { kind: "data" as const, mimeType: "a/b", size: 1, sha256: "0" };
      return await log.append(KEY, blob, recordObject(blob, { metadata, blob }));
    };
    const seen = async (versions: number[], latest: string): Promise<void> => {
      for (const each of [service, other, await place.open()]) {
        expect(await each.listVersions(KEY)).toEqual(versions);
        expect(await each.loadArtifact(KEY)).toEqual(text(latest));
        expect(await each.listArtifactKeys(KEY_SCOPE)).toEqual(["a"]);
      }
    };
    const [second, third] = [await publish("gone-2"), await publish("gone-3")];
    await log.takeBack(KEY, second, "gone-2");
    await log.takeBack(KEY, third, "gone-3");
    await seen([0, 1], "b");
    expect(await other.saveArtifact({ ...KEY, artifact: text("c") })).toBe(4);
    // Another of a place that is somebody's takes nothing away.
    await log.takeBack(KEY, { life: 0, version: 4 }, "gone-3");
    await log.takeBack(KEY, third, "gone-3");
    await seen([0, 1, 4], "c");
    await service.deleteArtifact(KEY);
    expect(await (await place.open()).listArtifactKeys(KEY_SCOPE)).toEqual([]);
    expect(await other.saveArtifact({ ...KEY, artifact: text("new") })).toBe(0);
    await seen([0], "new");
  });

  it("say that something may stand when it is not known", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    server.fail({ status: 403, code: "AccessDenied" }, of("HEAD", "/b/"), 9);
    const body = pieces(MIB, 6);
    await expect(
      service.saveArtifactStream({ ...KEY, body, mimeType: "a/b" }),
    ).rejects.toMatchObject({ code: "PERMISSION_DENIED", details: { committed: "unknown" } });
    server.heal();
    expect(await service.listVersions(KEY)).toEqual([0]);
  });
});

describe("two that complete one upload", () => {
  it("make one version of it, however many others save meanwhile", async () => {
    await using place = await freshPlace();
    const [first, second] = [await place.open(), await place.open()];
    for (const value of ["a", "b"]) await first.saveArtifact({ ...KEY, artifact: text(value) });
    const request = { ...KEY, mimeType: "video/mp4" };
    const { uploadId, url, method, headers } = await first.createArtifactUpload(request);
    await fetch(url, { method, headers, body: new Uint8Array(1_000).fill(7) });
    // The one stops amid the bytes; it has looked where it would put the version.
    const { promise: until, resolve: goOn } = Promise.withResolvers<void>();
    server.fail({ holdBodyAfter: 10, until }, of("GET", "/b/"));
    const slow = first.completeArtifactUpload({ ...request, uploadId });
    await expect.poll(() => server.requests.some(of("GET", "/b/"))).toBe(true);
    for (const value of ["c", "d"]) await second.saveArtifact({ ...KEY, artifact: text(value) });
    expect(await second.completeArtifactUpload({ ...request, uploadId })).toBe(4);
    await second.saveArtifact({ ...KEY, artifact: text("e") });
    goOn();
    expect(await slow).toBe(4);
    expect(await second.listVersions(KEY)).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("large saves", () => {
  it("are parts of one size, read one at a time, and a version that names them", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    const seen: number[] = [];
    const hash = createHash("sha256");
    const body = async function* (): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces(MIB, 13)) {
        seen.push(server.requests.filter(of("PUT", "partNumber")).length);
        hash.update(piece);
        yield piece;
      }
    };
    await service.saveArtifactStream({ ...KEY, body: body(), mimeType: "video/mp4" });
    const parts = server.requests.filter(of("PUT", "partNumber"));
    expect(parts.map((request) => request.body.length)).toEqual([5 * MIB, 5 * MIB, 3 * MIB]);
    // Never more than one part ahead: piece 6 is asked for when the first part is there, piece 11 when two are.
    expect(seen).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2]);
    await using opened = await service.openArtifact(KEY);
    const found = createHash("sha256");
    for await (const chunk of opened!.body) found.update(chunk);
    expect(found.digest("hex")).toBe(hash.digest("hex"));
    expect(await openUploads(place.bucket)).toBe(0);
  });

  it.each([
    ["the stream fails", "RangeError", undefined],
    ["a part is refused", "PERMISSION_DENIED", of("PUT", "partNumber=2")],
    ["the completion is refused", "PERMISSION_DENIED", of("POST", "uploadId")],
  ])("leave no part when %s", async (_of, expected, match) => {
    await using place = await freshPlace();
    const service = await place.open();
    if (match) server.fail({ status: 403, code: "AccessDenied" }, match);
    let isClosed = false;
    const body = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* pieces(MIB, 12);
        if (!match) throw new RangeError("the camera fell over");
      } finally {
        isClosed = true;
      }
    };
    const error: unknown = await service
      .saveArtifactStream({ ...KEY, body: body() })
      .catch((reason: unknown) => reason);
    const { code, name } = error as { code?: string; name: string };
    expect(code ?? name).toBe(expected);
    expect(isClosed).toBe(true);
    expect(await openUploads(place.bucket)).toBe(0);
    expect(await service.listVersions(KEY)).toEqual([]);
  });

  it("that are cancelled amid a part end their upload and let the stream go", async () => {
    await using place = await freshPlace();
    const service = await place.open();
    const controller = new AbortController();
    server.fail({ holdBodyAfter: 0, until: new Promise(() => {}) }, (request) => {
      const isMeant = of("PUT", "partNumber=2")(request);
      if (isMeant) controller.abort(new Error("enough"));
      return isMeant;
    });
    const { signal } = controller;
    const body = pieces(MIB, 100);
    await expect(service.saveArtifactStream({ ...KEY, body, signal })).rejects.toMatchObject({
      code: "ABORTED",
      details: { committed: false },
    });
    expect(await body.next()).toMatchObject({ done: true });
    expect(await openUploads(place.bucket)).toBe(0);
  });

  it("whose bytes are erased before they are published take their version back", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open({ maxAttempts: 1 }), await place.open()];
    let release = (): void => {};
    const until = new Promise<void>((resolve) => (release = resolve));
    const reached = new Promise<void>((resolve) =>
      server.fail({ holdBodyAfter: 0, until }, (request) => {
        const isMeant = of("POST", "uploadId")(request);
        if (isMeant) resolve();
        return isMeant;
      }),
    );
    const artifact = { inlineData: { data: new Uint8Array(6 * MIB), mimeType: "video/mp4" } };
    const save = service.saveArtifact({ ...KEY, artifact });
    await reached;
    await other.deleteUserArtifacts({ appName: KEY.appName, userId: KEY.userId });
    release();
    await expect(save).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(await other.listVersions(KEY)).toEqual([]);
    expect(await other.listArtifactKeys(KEY_SCOPE)).toEqual([]);
  });
});

describe("reads", () => {
  const data = new Uint8Array(300_000).map((_byte, index) => index % 251);

  async function saved(place: Place): Promise<BaseArtifactService> {
    const service = await place.open();
    await service.saveArtifact({ ...KEY, artifact: { inlineData: { data } } });
    return service;
  }

  it("go on where the line was cut", async () => {
    await using place = await freshPlace();
    const service = await saved(place);
    server.fail({ cutBodyAfter: 100_000 }, aVersion("GET"));
    const part = await service.loadArtifact(KEY);
    expect(part?.inlineData?.data).toBe(Buffer.from(data).toString("base64"));
    const ranges = server.requests.filter(aVersion("GET")).map(({ headers }) => headers["range"]);
    expect(ranges).toHaveLength(2);
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-299999$/);
  });

  it("whose line is always cut are UNAVAILABLE, before their end is seen", async () => {
    await using place = await freshPlace();
    const service = await saved(place);
    server.fail({ cutBodyAfter: 0 }, aVersion("GET"), 100);
    let size = 0;
    const read = async (): Promise<void> => {
      await using opened = await service.openArtifact(KEY);
      for await (const chunk of opened!.body) size += chunk.length;
    };
    await expect(read()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
    expect(size).toBe(0);
  });

  it("that are left early close their connection", async () => {
    await using place = await freshPlace();
    const service = await saved(place);
    server.fail({ holdBodyAfter: 70_000, until: new Promise(() => {}) }, aVersion("GET"));
    {
      await using opened = await service.openArtifact(KEY);
      for await (const _chunk of opened!.body) break;
    }
    expect((await service.getArtifactVersion(KEY))?.size).toBe(data.length);
  });

  it("that are disposed of amid a read end it, and ask for nothing more", async () => {
    await using place = await freshPlace();
    const service = await saved(place);
    server.fail({ holdBodyAfter: 0, until: new Promise(() => {}) }, aVersion("GET"));
    server.requests.length = 0;
    const opened = await service.openArtifact(KEY);
    const read = opened!.body[Symbol.asyncIterator]().next();
    await opened![Symbol.asyncDispose]();
    await expect(read).rejects.toMatchObject({ code: "ABORTED" });
    expect(server.requests.filter(aVersion("GET"))).toHaveLength(1);
  });

  it("that are cancelled while the server is silent are ABORTED", async () => {
    await using place = await freshPlace();
    const service = await saved(place);
    server.fail({ holdBodyAfter: 70_000, until: new Promise(() => {}) }, aVersion("GET"));
    const controller = new AbortController();
    const { signal } = controller;
    await using opened = await service.openArtifact({ ...KEY, signal });
    const read = async (): Promise<void> => {
      for await (const _chunk of opened!.body) controller.abort("enough");
    };
    await expect(read()).rejects.toMatchObject({ code: "ABORTED", cause: "enough" });
  });

  it("of a server that says nothing are a TIMEOUT", async () => {
    await using place = await freshPlace();
    await saved(place);
    const service = await place.open({ timeoutMs: 50, maxAttempts: 1 });
    server.fail({ holdBodyAfter: 0, until: new Promise(() => {}) }, () => true, 100);
    await expect(service.loadArtifact(KEY)).rejects.toMatchObject({
      code: "TIMEOUT",
      retryable: true,
    });
  });
});

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
    request.method === "PUT" && request.key.endsWith("!purge");
  const upload = { ...KEY, mimeType: "video/mp4" };

  async function uploaded(service: BaseArtifactService): Promise<string> {
    const { uploadId, url, method, headers } = await service.createArtifactUpload(upload);
    expect((await fetch(url, { method, headers, body: "the bytes" })).status).toBe(200);
    return uploadId;
  }

  async function keysOf(place: Place): Promise<string[]> {
    const { client, bucket: Bucket } = place.bucket;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map(({ Key = "" }) => Key);
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
    expect((await keysOf(place)).filter((key) => key.includes("!"))).toEqual([]);
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
    expect(await keysOf(place)).toHaveLength(1);
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

  it("that died leaves a mark, which is removed when it is a day old", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    const uploadId = await uploaded(service);
    const { client, bucket } = place.bucket;
    const Key = markOf(new Keys("p").blob(KEY, uploadId));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: new Uint8Array(0) }));
    const complete = { ...upload, uploadId };
    await expect(service.completeArtifactUpload(complete)).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
    expect(await keysOf(place)).toContain(Key);
    const requests = new BucketRequests(new RequestContext({ client, bucket }));
    const tomorrow = (): number => Date.now() + 86_402_000;
    const purger = new Purger(requests, new Keys("p"), new Set(), tomorrow);
    expect(await purger.purge({ olderThanMs: 2 * 86_400_000 })).toBe(0);
    expect(await service.completeArtifactUpload(complete)).toBe(1);
    expect(await service.listVersions(KEY)).toEqual([1]);
    expect((await keysOf(place)).filter((key) => key.includes("!"))).toEqual([]);
  });
});

describe("copies", () => {
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
    const fork = { ...KEY_SCOPE, sessionId: "fork" };
    expect(await service.listArtifactKeys(fork)).toEqual([]);
    expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
    await service.copySessionArtifacts(request);
    expect(await service.listArtifactKeys(fork)).toEqual(["a", "b", "c"]);
    expect(await service.loadArtifact({ ...fork, filename: "c" })).toEqual(text("c"));
  });

  it("that cannot be taken back whole say why they failed, and take back what they can", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    for (const filename of ["a", "b", "c"])
      await service.saveArtifact({ ...KEY, filename, artifact: text(filename) });
    const request = { ...KEY_SCOPE, newSessionId: "fork" };
    server.fail({ status: 507, code: "QuotaExceeded" }, of("PUT", "user/s/fork/c/"));
    server.fail({ status: 403, code: "AccessDenied" }, of("DELETE", "user/s/fork/a/"));
    await expect(service.copySessionArtifacts(request)).rejects.toMatchObject({
      code: "STORE_FULL",
    });
    server.heal();
    const fork = { ...KEY_SCOPE, sessionId: "fork" };
    expect(await service.listArtifactKeys(fork)).toEqual(["a"]);
  });
});
