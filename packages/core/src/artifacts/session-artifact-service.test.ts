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

  it("cannot be talked into another session", async () => {
    const service = new InMemoryArtifactService();
    const scoped = scopeArtifactService(service, scope);
    const sly = { filename: "a", artifact: { text: "x" }, sessionId: "other", userId: "other" };
    await scoped.saveArtifact(sly);
    expect(await service.listArtifactKeys({ ...scope, sessionId: "other" })).toEqual([]);
    expect(await scoped.listArtifactKeys()).toEqual(["a"]);
  });

  it("hands the signal of its scope to each call", async () => {
    const signal = AbortSignal.abort();
    const scoped = scopeArtifactService(new InMemoryArtifactService(), { ...scope, signal });
    await expect(scoped.listArtifactKeys()).rejects.toMatchObject({ code: "ABORTED" });
    await expect(scoped.listVersions("a")).rejects.toMatchObject({ code: "ABORTED" });
  });
});
