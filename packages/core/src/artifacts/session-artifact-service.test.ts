import { describe, expect, it } from "vitest";
import { collectBytes } from "./collect-bytes.ts";
import { InMemoryArtifactService } from "./in-memory-artifact-service.ts";
import { scopeArtifactService } from "./session-artifact-service.ts";

const scope = { appName: "app", userId: "user", sessionId: "s" };

async function* stream(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

describe("scopeArtifactService", () => {
  it("fills in the ids of one session", async () => {
    const service = new InMemoryArtifactService();
    const scoped = scopeArtifactService(service, scope);
    const customMetadata = { a: 1 };
    expect(
      await scoped.saveArtifact({ filename: "a", artifact: { text: "0" }, customMetadata }),
    ).toBe(0);
    expect(await scoped.saveArtifact({ filename: "a", artifact: { text: "1" } })).toBe(1);
    expect(await scoped.saveArtifact({ filename: "user:b", artifact: { text: "b" } })).toBe(0);
    expect(await scoped.loadArtifact({ filename: "a" })).toEqual({ text: "1" });
    expect(await scoped.loadArtifact({ filename: "a", version: 0 })).toEqual({ text: "0" });
    expect(await scoped.listArtifactKeys()).toEqual(["a", "user:b"]);
    expect(await scoped.listVersions("a")).toEqual([0, 1]);
    expect(await scoped.listArtifactVersions("a")).toHaveLength(2);
    const record = await scoped.getArtifactVersion({ filename: "a", version: 0 });
    expect(record?.customMetadata).toEqual({ a: 1 });
    expect(await service.loadArtifact({ ...scope, filename: "a" })).toEqual({ text: "1" });
    await scoped.deleteArtifact("a");
    expect(await scoped.listArtifactKeys()).toEqual(["user:b"]);
  });

  it("streams in and out", async () => {
    const scoped = scopeArtifactService(new InMemoryArtifactService(), scope);
    const file = { filename: "a", mimeType: "text/css", customMetadata: { a: 1 } };
    expect(await scoped.saveArtifactStream({ ...file, body: stream("a { }") })).toBe(0);
    await using opened = await scoped.openArtifact({ filename: "a", range: { start: 2 } });
    expect(opened).toMatchObject({ mimeType: "text/css", size: 5, customMetadata: { a: 1 } });
    expect(new TextDecoder().decode(await collectBytes(opened?.body ?? stream("")))).toBe("{ }");
    expect(await scoped.openArtifact({ filename: "a", version: 1 })).toBeUndefined();
  });

  it("says UNSUPPORTED where the service cannot stream", async () => {
    const whole: object = Object.assign(new InMemoryArtifactService(), {
      openArtifact: undefined,
      saveArtifactStream: undefined,
    });
    const scoped = scopeArtifactService(whole as InMemoryArtifactService, scope);
    const refusal = { code: "UNSUPPORTED" };
    await expect(scoped.openArtifact({ filename: "a" })).rejects.toMatchObject(refusal);
    await expect(
      scoped.saveArtifactStream({ filename: "a", body: stream("a") }),
    ).rejects.toMatchObject(refusal);
  });

  it("streams stop with the signal of their request", async () => {
    const scoped = scopeArtifactService(new InMemoryArtifactService(), scope);
    const signal = AbortSignal.abort();
    const aborted = { code: "ABORTED" };
    const request = { filename: "a", body: stream("a"), signal };
    await expect(scoped.saveArtifactStream(request)).rejects.toMatchObject(aborted);
    await expect(scoped.openArtifact({ filename: "a", signal })).rejects.toMatchObject(aborted);
  });

  it.each(["appName", "userId", "sessionId"])("refuses the %s of another session", async (name) => {
    const service = new InMemoryArtifactService();
    const scoped = scopeArtifactService(service, scope);
    const refusal = {
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(`\`${name}\` is another one`) as string,
    };
    const sly = { filename: "a", version: 0, artifact: { text: "x" }, [name]: "other" };
    await expect(scoped.saveArtifact(sly)).rejects.toMatchObject(refusal);
    await expect(scoped.loadArtifact(sly)).rejects.toMatchObject(refusal);
    await expect(scoped.getArtifactVersion(sly)).rejects.toMatchObject(refusal);
    const slyStream = { filename: "a", body: stream("x"), [name]: "other" };
    await expect(scoped.saveArtifactStream(slyStream)).rejects.toMatchObject(refusal);
    const slyOpen = { filename: "a", [name]: "other" };
    await expect(scoped.openArtifact(slyOpen)).rejects.toMatchObject(refusal);
    expect(await service.listArtifactKeys({ ...scope, [name]: "other" })).toEqual([]);
    expect(await scoped.listArtifactKeys()).toEqual([]);
  });

  it("takes a request that names its own session, as one for the whole service does", async () => {
    const scoped = scopeArtifactService(new InMemoryArtifactService(), scope);
    await scoped.saveArtifact({ ...scope, filename: "a", artifact: { text: "x" } });
    expect(await scoped.loadArtifact({ ...scope, filename: "a" })).toEqual({ text: "x" });
  });

  it("hands the signal of its scope to each call", async () => {
    const signal = AbortSignal.abort();
    const scoped = scopeArtifactService(new InMemoryArtifactService(), { ...scope, signal });
    await expect(scoped.listArtifactKeys()).rejects.toMatchObject({ code: "ABORTED" });
    await expect(scoped.listVersions("a")).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("stops streams with the signal of its scope, too, when their request has one of its own", async () => {
    const scoped = scopeArtifactService(new InMemoryArtifactService(), {
      ...scope,
      signal: AbortSignal.abort(),
    });
    const { signal } = new AbortController();
    const aborted = { code: "ABORTED" };
    const request = { filename: "a", body: stream("a"), signal };
    await expect(scoped.saveArtifactStream(request)).rejects.toMatchObject(aborted);
    await expect(scoped.openArtifact({ filename: "a", signal })).rejects.toMatchObject(aborted);
    const none = { signal: "none" as unknown as AbortSignal };
    await expect(scoped.openArtifact({ filename: "a", ...none })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });
});
