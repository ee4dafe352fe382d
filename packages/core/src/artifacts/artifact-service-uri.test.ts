import { describe, expect, it } from "vitest";
import { createArtifactService, registerArtifactService } from "./artifact-service-uri.ts";
import { InMemoryArtifactService } from "./in-memory-artifact-service.ts";

describe("createArtifactService", () => {
  it.each(["memory:", "memory://", "MEMORY:"])("knows %s", async (uri) =>
    expect(await createArtifactService(uri)).toBeInstanceOf(InMemoryArtifactService),
  );

  // Through `load`: their packages may be there.
  it.each([
    ["file:///tmp/artifacts", "npm install @adk/artifacts-fs`"],
    ["s3://bucket/prefix", "npm install @adk/artifacts-s3 @aws-sdk/client-s3`"],
  ])("says what %s needs when its package fails", async (uri, line) => {
    const load = async (): Promise<object> => await Promise.reject(new Error("no client"));
    await expect(createArtifactService(uri, { load })).rejects.toMatchObject({
      code: "MISCONFIGURED",
      message: expect.stringContaining(line) as string,
    });
  });

  it("hands the URI to the adapter that load brings", async () => {
    const service = new InMemoryArtifactService();
    const uris: string[] = [];
    const artifactServiceFromUri = (uri: string): InMemoryArtifactService => {
      uris.push(uri);
      return service;
    };
    const load = async (): Promise<object> => ({ artifactServiceFromUri });
    expect(await createArtifactService("s3://bucket/prefix", { load })).toBe(service);
    expect(uris).toEqual(["s3://bucket/prefix"]);
  });

  it("says so when the package is another one", async () =>
    expect(createArtifactService("s3://b", { load: async () => ({}) })).rejects.toMatchObject({
      code: "MISCONFIGURED",
      message: expect.stringContaining("artifactServiceFromUri") as string,
    }));

  it.each(["gs://bucket", "bucket", "", 7 as unknown as string])("refuses %s", async (uri) =>
    expect(createArtifactService(uri)).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining("memory:, file:, s3:") as string,
    }),
  );

  it("never repeats a URI, which may hold a password", async () => {
    const error: unknown = await createArtifactService("gs://user:secret@host").catch((e) => e);
    expect(JSON.stringify([String(error), error])).not.toContain("secret");
  });

  it("knows what was registered", async () => {
    const service = new InMemoryArtifactService();
    registerArtifactService("test+x", () => service);
    expect(await createArtifactService("TEST+X://anything")).toBe(service);
    for (const scheme of ["a:", "", "1a", 7 as unknown as string])
      expect(() => registerArtifactService(scheme, () => service)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT" }),
      );
  });

  it("says what was meant, and drops no option silently", async () => {
    await expect(createArtifactService("fil:///tmp")).rejects.toThrow(/Did you mean `file:`\?/);
    await expect(createArtifactService("memory:", { region: "x" } as never)).rejects.toThrow(
      /^createArtifactService has no option `region`\. .* go into the URI/,
    );
  });
});
