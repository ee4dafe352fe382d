import { describe, expect, it } from "vitest";
import type {
  ArtifactStore,
  BeginUploadCommand,
  CompleteUploadCommand,
  SaveCommand,
  SignCommand,
  StoredVersion,
} from "./artifact-store.ts";
import { BaseArtifactService, type BaseArtifactServiceOptions } from "./base-artifact-service.ts";
import { InMemoryArtifactService } from "./in-memory-artifact-service.ts";
import { InMemoryArtifactStore } from "./in-memory-artifact-store.ts";

const name = { appName: "app", userId: "user", sessionId: "s", filename: "a.txt" };

/** A store with URLs that notes what it was asked. */
class StoreWithUrls extends InMemoryArtifactStore {
  readonly signed: SignCommand[] = [];
  readonly begun: BeginUploadCommand[] = [];
  readonly completed: CompleteUploadCommand[] = [];

  async sign(command: SignCommand): Promise<string> {
    this.signed.push(command);
    return `https://store.invalid/${command.filename}?v=${command.version}`;
  }
  async beginUpload(command: BeginUploadCommand): Promise<{
    url: string;
    method: string;
    headers: Record<string, string>;
    uploadId: string;
  }> {
    this.begun.push(command);
    return { url: "https://store.invalid/up", method: "PUT", headers: {}, uploadId: "upload-1" };
  }
  async completeUpload(command: CompleteUploadCommand): Promise<StoredVersion | undefined> {
    this.completed.push(command);
    if (command.uploadId !== "upload-1") return undefined;
    const metadata = { ...command.metadata, size: 3, sha256: "" };
    return { version: 4, createTime: 0, canonicalUri: "", metadata };
  }
}

describe("BaseArtifactService", () => {
  it("signs the version that is loaded, references followed", async () => {
    const store = new StoreWithUrls();
    const service = new BaseArtifactService(store);
    await service.saveArtifact({ ...name, artifact: { text: "0" } });
    await service.saveArtifact({ ...name, artifact: { text: "1" } });
    const fileUri = "artifact://apps/app/users/user/sessions/s/artifacts/a.txt/versions/0";
    const link = { ...name, filename: "link" };
    await service.saveArtifact({ ...link, artifact: { fileData: { fileUri } } });
    expect(await service.getArtifactUrl(name)).toBe("https://store.invalid/a.txt?v=1");
    expect(await service.getArtifactUrl({ ...link, expiresInMs: 5 })).toBe(
      "https://store.invalid/a.txt?v=0",
    );
    expect(store.signed).toEqual([
      { ...name, version: 1, expiresInMs: 900_000 },
      { ...name, version: 0, expiresInMs: 5 },
    ]);
  });

  it("has no URL for what is absent, removed or elsewhere", async () => {
    const store = new StoreWithUrls();
    const service = new BaseArtifactService(store);
    expect(await service.getArtifactUrl(name)).toBeUndefined();
    await service.saveArtifact({ ...name, artifact: { inlineData: { data: "" } } });
    expect(await service.getArtifactUrl(name)).toBeUndefined();
    await service.saveArtifact({ ...name, artifact: { fileData: { fileUri: "gs://b/a" } } });
    expect(await service.getArtifactUrl(name)).toBeUndefined();
    expect(store.signed).toEqual([]);
    await expect(service.getArtifactUrl({ ...name, expiresInMs: 0 })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
  });

  it("lets clients upload no more than the service takes", async () => {
    const store = new StoreWithUrls();
    const service = new BaseArtifactService(store, { maxBytes: 1_000 });
    const upload = await service.createArtifactUpload({ ...name, maxBytes: 5_000 });
    expect(upload.uploadId).toBe("upload-1");
    await service.createArtifactUpload({ ...name, mimeType: "video/mp4", maxBytes: 100 });
    expect(store.begun).toEqual([
      { ...name, maxBytes: 1_000, expiresInMs: 900_000 },
      { ...name, mimeType: "video/mp4", maxBytes: 100, expiresInMs: 900_000 },
    ]);
    const request = { ...name, uploadId: "upload-1", mimeType: "video/mp4", size: 3, sha256: "00" };
    expect(await service.completeArtifactUpload(request)).toBe(4);
    expect(await service.completeArtifactUpload({ ...name, uploadId: "upload-1" })).toBe(4);
    expect(store.completed).toEqual([
      {
        ...name,
        uploadId: "upload-1",
        metadata: { kind: "data", mimeType: "video/mp4", size: 3, sha256: "00" },
        maxBytes: 1_000,
      },
      { ...name, uploadId: "upload-1", metadata: { kind: "data" }, maxBytes: 1_000 },
    ]);
    await expect(
      service.completeArtifactUpload({ ...name, uploadId: "another" }),
    ).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("says what a store cannot do", async () => {
    const memory = new InMemoryArtifactStore();
    const bare: ArtifactStore = {
      save: (command) => memory.save(command),
      open: (command) => memory.open(command),
      list: (command) => memory.list(command),
      versions: (command) => memory.versions(command),
      erase: (command) => memory.erase(command),
      [Symbol.asyncDispose]: () => memory[Symbol.asyncDispose](),
    };
    const service = new BaseArtifactService(bare);
    const { appName, userId, sessionId } = name;
    for (const call of [
      service.copySessionArtifacts({ appName, userId, sessionId, newSessionId: "t" }),
      service.getArtifactUrl(name),
      service.createArtifactUpload(name),
      service.completeArtifactUpload({ ...name, uploadId: "u" }),
      service.purgeOrphans(),
      service.check(),
    ])
      await expect(call).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  it.each<[keyof BaseArtifactServiceOptions, unknown]>([
    ["maxBytes", 0],
    ["maxBytes", "1"],
    ["maxMetadataBytes", -1],
    ["maxAttempts", 0],
    ["clock", {}],
    ["newId", "id"],
    ["unknown" as "newId", 1],
  ])("refuses the option %s: %j", (option, value) => {
    const options = { [option]: value } as BaseArtifactServiceOptions;
    expect(() => new InMemoryArtifactService(options)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(option),
      }),
    );
  });

  it("gives each save an id of its own, and none of them to the bytes", async () => {
    const commands: SaveCommand[] = [];
    class Noting extends InMemoryArtifactStore {
      override async save(command: SaveCommand): Promise<StoredVersion> {
        commands.push(command);
        return await super.save(command);
      }
    }
    let count = 0;
    const service = new BaseArtifactService(new Noting(), { newId: () => `id-${count++}` });
    await service.saveArtifact({ ...name, artifact: { text: "a" } });
    await service.saveArtifact({ ...name, artifact: { text: "a" } });
    expect(commands.map(({ writeId }) => writeId)).toEqual(["id-0", "id-1"]);
  });

  it("counts display names as metadata", async () => {
    const service = new InMemoryArtifactService({ maxMetadataBytes: 40 });
    const save = (displayName: string): Promise<number> =>
      service.saveArtifact({ ...name, artifact: { inlineData: { data: "AA==", displayName } } });
    expect(await save("x".repeat(20))).toBe(0);
    await expect(save("x".repeat(40))).rejects.toMatchObject({
      code: "METADATA_TOO_LARGE",
      details: { maxBytes: 40 },
    });
  });

  it("takes createTime from the clock", async () => {
    const service = new InMemoryArtifactService({
      clock: { now: () => 42, after: () => () => {} },
    });
    await service.saveArtifact({ ...name, artifact: { text: "a" } });
    expect(await service.getArtifactVersion(name)).toEqual({
      version: 0,
      createTime: 42,
      canonicalUri: "memory://apps/app/users/user/sessions/s/artifacts/a.txt/versions/0",
      mimeType: "text/plain",
      customMetadata: {},
      size: 1,
    });
  });

  it("does not take a session that is missing for all of a user's sessions", async () => {
    const service = new InMemoryArtifactService();
    await service.saveArtifact({ ...name, artifact: { text: "a" } });
    const request = { appName: "app", userId: "user" } as {
      appName: string;
      userId: string;
      sessionId: string;
    };
    await expect(service.deleteSessionArtifacts(request)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    const { filename: _, ...scope } = name;
    expect(await service.listArtifactKeys(scope)).toEqual(["a.txt"]);
  });

  it("refuses a missing request", async () => {
    const service = new InMemoryArtifactService();
    for (const call of ["saveArtifact", "loadArtifact", "openArtifact", "getArtifactUrl"] as const)
      await expect(service[call](undefined as never)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
  });
});
