import { describe, expect, it } from "vitest";
import { InMemoryArtifactService } from "./in-memory-artifact-service.ts";
import { scopeArtifactService } from "./session-artifact-service.ts";

const scope = { appName: "app", userId: "user", sessionId: "s" };

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
});
