import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAdapter } from "./load-adapter.ts";

const install = "npm install @adk-test/adapter its-driver";
let folder: string;

async function writePackage(name: string, source: string): Promise<void> {
  const home = join(folder, "node_modules", name);
  await mkdir(home, { recursive: true });
  // Only `default`, as the adapters' own manifests have it.
  const manifest = {
    name,
    version: "1.0.0",
    type: "module",
    exports: { ".": { default: "./index.js" } },
  };
  await writeFile(join(home, "package.json"), JSON.stringify(manifest));
  await writeFile(join(home, "index.js"), source);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "load-adapter-"));
  await writePackage("@adk-test/adapter", "export class Thing { name = 'thing'; }");
  await writePackage("@adk-test/broken", "import 'a-driver-that-is-not-there';");
  await writePackage("@adk-test/newer", "import 'node:not_there_yet';");
  await writePackage("@adk-test/throws", "throw new Error('bad start');");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const from = (): string => pathToFileURL(join(folder, "main.js")).href;

describe("loadAdapter", () => {
  it("resolves from the given module", async () => {
    const found = await loadAdapter({ packageName: "@adk-test/adapter", install, from: from() });
    expect(Object.keys(found)).toEqual(["Thing"]);
  });

  it("accepts a path as well as a URL", async () => {
    const found = await loadAdapter({
      packageName: "@adk-test/adapter",
      install,
      from: join(folder, "main.js"),
    });
    expect(Object.keys(found)).toEqual(["Thing"]);
  });

  it("resolves from the working directory's package", async () => {
    const found = await loadAdapter({ packageName: "zod", install });
    expect(found["z"]).toBeDefined();
  });

  it("uses load where a bundler is in the way", async () => {
    const found = await loadAdapter({
      packageName: "@adk-test/none",
      install,
      load: async () => ({ Thing: 1 }),
    });
    expect(found).toEqual({ Thing: 1 });
  });

  it("names the install line when the package is absent", async () => {
    for (const request of [{}, { from: from() }])
      await expect(
        loadAdapter({ packageName: "@adk-test/none", install, ...request }),
      ).rejects.toMatchObject({
        code: "MISCONFIGURED",
        message: expect.stringContaining(`\`${install}\``) as string,
      });
  });

  it("says where it was looked for", async () => {
    const packageName = "@adk-test/none";
    await expect(loadAdapter({ packageName, install, from: from() })).rejects.toThrow(
      `${packageName} is not installed where ${from()} can see it.`,
    );
  });

  it("says that a newer Node is needed where this one lacks a module", async () => {
    const packageName = "@adk-test/newer";
    await expect(loadAdapter({ packageName, install, from: from() })).rejects.toMatchObject({
      code: "MISCONFIGURED",
      message: `${packageName} could not be loaded. This Node has no \`node:not_there_yet\`: Node 22.18 or newer is needed.`,
    });
  });

  it.each(["@adk-test/broken", "@adk-test/throws"])(
    "does not call %s absent: it is there and fails to load",
    async (packageName) => {
      const error = await loadAdapter({ packageName, install, from: from() }).catch(
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({ code: "MISCONFIGURED", cause: expect.any(Error) as Error });
      expect((error as Error).message).toContain("could not be loaded");
    },
  );
});
