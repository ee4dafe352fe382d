import { createSessionService } from "@adk/core";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sessionServiceFromUri } from "./session-service-from-uri.ts";

describe("sessionServiceFromUri", () => {
  let folder: string;
  const before = process.cwd();
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "adk-sqlite-"));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it.each([
    ["sqlite:a.db", "a.db"],
    ["sqlite:./a.db", "a.db"],
    ["sqlite:deep/er/a.db", "deep/er/a.db"],
    ["sqlite:///./a.db", "a.db"],
    ["sqlite:FOLDER/a.db", "a.db"],
    ["sqlite://FOLDER/a.db", "a.db"],
    ["sqlite:///FOLDER/a.db", "a.db"],
    ["SQLITE:a%20b%23.db", "a b#.db"],
  ])("%s is a file", async (uri, file) => {
    await using service = await sessionServiceFromUri(uri.replace("FOLDER", folder));
    await service.createSession({ appName: "a", userId: "u", sessionId: "s" });
    expect(existsSync(join(folder, file))).toBe(true);
  });

  it.each(["sqlite::memory:", "sqlite://", "sqlite:///:memory:"])(
    "%s is in memory",
    async (uri) => {
      await using service = await sessionServiceFromUri(uri);
      await service.createSession({ appName: "a", userId: "u", sessionId: "s" });
      expect(existsSync(join(folder, ":memory:"))).toBe(false);
    },
  );

  it.each(["sqlite:", "sqlite://host/a.db", "sqlite:a.db?mode=ro", "sqlite:a%zz.db"])(
    "%s is refused",
    async (uri) => {
      await expect(sessionServiceFromUri(uri)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    },
  );

  it("says where options go", async () => {
    await expect(sessionServiceFromUri("sqlite:a.db?ttlMs=5")).rejects.toThrow(
      /has options, which go to `SqliteSessionService.connect\(\{ path, … \}\)`\./,
    );
  });

  it("is what core calls", async () => {
    const load = async (): Promise<object> => await import("./index.ts");
    await using service = await createSessionService("sqlite:a.db", { load });
    expect(service.constructor.name).toBe("SqliteSessionService");
  });
});
