import { createHash } from "node:crypto";
import type { BaseArtifactService } from "@adk/core";
import { describe, expect, it } from "vitest";
import {
  aVersion,
  KEY,
  KEY_SCOPE,
  MIB,
  of,
  openUploads,
  pieces,
  type Place,
  text,
  useOwnServer,
} from "./support/own-server.ts";

const { server, freshPlace } = await useOwnServer();

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

describe("an upload that was completed", () => {
  it("and is being deleted is not completed again: its bytes are about to go", async () => {
    await using place = await freshPlace();
    const [service, other] = [await place.open({ maxAttempts: 1 }), await place.open()];
    const { uploadId, url, method, headers } = await service.createArtifactUpload(KEY);
    expect((await fetch(url, { method, headers, body: "the bytes" })).status).toBe(200);
    expect(await service.completeArtifactUpload({ ...KEY, uploadId })).toBe(0);
    // The deletion has said so, and has not removed the bytes yet.
    server.fail({ status: 403, code: "AccessDenied" }, of("DELETE", "/b/"));
    await expect(service.deleteArtifact(KEY)).rejects.toMatchObject({ code: "PERMISSION_DENIED" });
    await expect(other.completeArtifactUpload({ ...KEY, uploadId })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
    });
    await service.deleteArtifact(KEY);
    expect(await other.listVersions(KEY)).toEqual([]);
  });
});

describe("what the SDK asked more than once", () => {
  it("may have been done the first time, whatever the last answer says", async () => {
    await using place = await freshPlace();
    const service = await place.open({ maxAttempts: 1 });
    server.fail("lose-reply", aVersion("PUT"));
    server.fail({ status: 403, code: "AccessDenied" }, aVersion("PUT"));
    await expect(service.saveArtifact({ ...KEY, artifact: text("a") })).rejects.toMatchObject({
      code: "PERMISSION_DENIED",
      details: { committed: "unknown" },
    });
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
