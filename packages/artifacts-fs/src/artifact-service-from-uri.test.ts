import { createArtifactService } from "@adk/core";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TempFolder } from "../test/support/temp-folder.ts";
import { artifactServiceFromUri } from "./artifact-service-from-uri.ts";
import { FileArtifactService, FileArtifactStore } from "./index.ts";

let folder: TempFolder;
const before = process.cwd();
beforeEach(() => {
  folder = new TempFolder();
  process.chdir(folder.path);
});
afterEach(() => {
  process.chdir(before);
  folder[Symbol.dispose]();
});

describe("artifactServiceFromUri", () => {
  it.each([
    ["file:a", "a"],
    ["file:./a", "a"],
    ["file:deep/er/a", "deep/er/a"],
    ["file:///./a", "a"],
    ["file:FOLDER/a", "a"],
    ["file://FOLDER/a", "a"],
    ["file://localhostFOLDER/a", "a"],
    ["file:///FOLDER/a", "a"],
    ["FILE:a%20b%23", "a b#"],
  ])("%s is a folder", async (uri, name) => {
    await using _service = await artifactServiceFromUri(uri.replace("FOLDER", folder.path));
    expect(existsSync(join(folder.path, name))).toBe(true);
  });

  it.each(["file:", "file://", "file://host/a", "file:a?mode=ro", "file:a%zz"])(
    "%s is refused",
    async (uri) =>
      expect(artifactServiceFromUri(uri)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" }),
  );

  it("is what core calls", async () => {
    const load = async (): Promise<object> => await import("./index.ts");
    await using service = await createArtifactService("file:a", { load });
    expect(service).toBeInstanceOf(FileArtifactService);
  });
});

describe("the options", () => {
  it.each([
    [{}, "FileArtifactService needs a `path`"],
    [
      { paht: "a" },
      "FileArtifactService has no option `paht`. Did you mean `path`? It knows: clock, max",
    ],
    [
      { path: "a", maxByte: 1 },
      "Did you mean `maxBytes`? It knows: clock, maxAttempts, maxBytes, maxMetadataBytes, newId, path.",
    ],
    [{ path: "" }, "`path` must be the path of a folder"],
    [{ path: "a\0b" }, "`path` must be"],
    [{ path: 7 }, "`path` must be"],
    [{ path: "a", clock: {} }, "clock"],
    [{ path: "a", maxBytes: 0 }, "maxBytes"],
    [{ path: "a", folder: "b" }, "folder"],
    [undefined, "{ path:"],
    ["", "FileArtifactService: `path` must be"],
  ])("%j are refused", (options, words) => {
    expect(() => new FileArtifactService(options as never)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(words) as string,
      }),
    );
  });

  it("of the store are checked too", () => {
    expect(() => new FileArtifactStore({ path: "a", maxBytes: 1 } as never)).toThrow(/maxBytes/);
    expect(() => new FileArtifactStore({} as never)).toThrow(/`path`/);
  });

  it("may be the path alone, as in ADK; it means where the process was then", async () => {
    const service = new FileArtifactService("here");
    process.chdir(before);
    const name = { appName: "a", userId: "u", sessionId: "s", filename: "f" };
    await service.saveArtifact({ ...name, artifact: { text: "x" } });
    expect(existsSync(join(folder.path, "here", "apps"))).toBe(true);
  });
});
