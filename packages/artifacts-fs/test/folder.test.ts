import { bytesOf, commandOf, KEY, readAll } from "./support/commands.ts";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileArtifactService, FileArtifactStore } from "../src/index.ts";
import { PatchedFiles, systemError } from "./support/patched-files.ts";
import { fileOf } from "./support/subjects.ts";
import { TempFolder } from "./support/temp-folder.ts";

let folder: TempFolder;
let store: FileArtifactStore;
beforeEach(() => {
  folder = new TempFolder();
  store = new FileArtifactStore({ path: folder.root });
});
afterEach(() => folder[Symbol.dispose]());

/** A version of 4 bytes whose record is this text, with the right length and checksum. */
function withRecord(text: string): string {
  const hex = (value: number): string => value.toString(16).padStart(8, "0");
  return `body${text}${hex(text.length)}${hex(crc32(text))}adk-art1`;
}

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("the folder", () => {
  it("is made again when it was removed, as a save makes it", async () => {
    await store.connect();
    rmSync(folder.root, { recursive: true });
    await store.connect();
    rmSync(folder.root, { recursive: true });
    expect(await store.check()).toEqual({ problems: [] });
    expect(await store.save(commandOf("a", "text"))).toMatchObject({ version: 0 });
  });

  it("and all in it are for their owner only, whatever the umask", async () => {
    const before = process.umask(0);
    try {
      await store.save(commandOf("a", "text"));
      await store.save(commandOf("a", "more"));
      await store.erase({ ...KEY, filename: "never" });
    } finally {
      process.umask(before);
    }
    const file = await fileOf(store, { ...KEY, filename: "a" });
    expect(modeOf(file)).toBe("600");
    for (let path = dirname(file); path !== folder.path; path = dirname(path))
      expect(modeOf(path), path).toBe("700");
    expect(await store.check()).toEqual({ problems: [] });
  });

  it("holds a version's bytes first in its file, then the record", async () => {
    await store.save(commandOf("a", "the bytes"));
    const text = readFileSync(await fileOf(store, { ...KEY, filename: "a" }), "latin1");
    expect(text).toMatch(/^the bytes\{"filename":"a","writeId":.*\}[0-9a-f]{16}adk-art1$/);
  });

  it("holds nothing but versions when a save, a copy and a deletion are done", async () => {
    for (const filename of ["a", "b"]) await store.save(commandOf(filename, filename));
    await store.save(commandOf("a", "a1"));
    const { appName, userId, sessionId: from } = KEY;
    const versions = [{ filename: "a", version: 1 }];
    await store.copy({ appName, userId, from, to: "fork", versions });
    await store.erase({ ...KEY, filename: "b" });
    expect(folder.files().map((path) => path.slice(folder.root.length + 1))).toEqual([
      expect.stringMatching(/^apps\/app\/user\/s\/fork\/a\/[0-9a-f]{32}\/1$/),
      expect.stringMatching(/^apps\/app\/user\/s\/session\/a\/[0-9a-f]{32}\/0$/),
      expect.stringMatching(/^apps\/app\/user\/s\/session\/a\/[0-9a-f]{32}\/1$/),
    ]);
  });

  it("that others may look into, or that cannot be used, is a problem for check()", async () => {
    await store.connect();
    chmodSync(folder.root, 0o755);
    expect((await store.check()).problems).toMatchObject([{ code: "FOLDER_MODE" }]);
    chmodSync(folder.root, 0o700);
    rmSync(join(folder.root, "tmp"), { recursive: true });
    writeFileSync(join(folder.root, "tmp"), "in the way");
    expect((await store.check()).problems).toMatchObject([{ code: "MISCONFIGURED" }]);
  });

  it("on a file system without hard links is a problem for check(), and nothing is saved", async () => {
    using _link = await PatchedFiles.begin("link", () => async () => {
      throw systemError("EPERM");
    });
    const { problems } = await store.check();
    expect(problems).toMatchObject([{ code: "MISCONFIGURED" }]);
    expect(problems[0]?.message).toContain("without hard links");
    await expect(store.save(commandOf("a", "text"))).rejects.toMatchObject({
      code: "MISCONFIGURED",
      details: { reason: "no-links", committed: false },
    });
    expect(folder.files()).toEqual([]);
  });

  it("that cannot be written at the moment is what check() rejects with", async () => {
    using _link = await PatchedFiles.begin("link", () => async () => {
      throw systemError("EIO");
    });
    await expect(store.check()).rejects.toMatchObject({ code: "UNAVAILABLE", retryable: true });
  });

  it("on a file system whose links overwrite is a problem for check()", async () => {
    const overwrite = async (from: unknown, to: unknown): Promise<void> =>
      await copyFile(String(from), String(to));
    using _link = await PatchedFiles.begin("link", () => overwrite);
    const { problems } = await store.check();
    expect(problems[0]?.message).toContain("versions would overwrite each other");
    expect(folder.files()).toEqual([]);
  });

  it("is made anew when somebody has deleted it", async () => {
    await store.save(commandOf("a", "text"));
    rmSync(folder.root, { recursive: true });
    expect(await store.open({ ...KEY, filename: "a" })).toBeUndefined();
    expect(await store.save(commandOf("a", "text"))).toMatchObject({ version: 0 });
  });

  it("in whose place there is a file is MISCONFIGURED", async () => {
    writeFileSync(folder.root, "a file");
    await expect(store.connect()).rejects.toMatchObject({ code: "MISCONFIGURED" });
    rmSync(folder.root);
    await store.connect();
  });

  it("in whose way there is something says what, and where", async () => {
    const at = (...names: string[]): string => join(folder.path, ...names);
    writeFileSync(at("afile"), "a file");
    symlinkSync(at("nowhere"), at("dangling"));
    symlinkSync(at("loop"), at("loop"));
    for (const [path, culprit, problem] of [
      [at("afile"), at("afile"), "is no folder"],
      [at("afile", "x"), at("afile"), "is no folder"],
      [at("afile", "x", "y"), at("afile"), "is no folder"],
      [at("dangling"), at("dangling"), "is a link that leads nowhere"],
      [at("dangling", "x"), at("dangling"), "is a link that leads nowhere"],
      [at("loop", "x"), at("loop"), "is a link that leads nowhere"],
    ] as const) {
      const each = new FileArtifactStore({ path });
      for (const call of [
        () => each.connect(),
        () => each.save(commandOf("a", "text")),
        () => each.check(),
      ])
        await expect(call(), path).rejects.toMatchObject({
          code: "MISCONFIGURED",
          retryable: false,
          message: expect.stringContaining(`${JSON.stringify(culprit)} ${problem}`) as string,
          details: { reason: "foreign", committed: false },
        });
    }
  });

  it("may be a link that leads to a folder", async () => {
    mkdirSync(join(folder.path, "real"), { mode: 0o700 });
    symlinkSync(join(folder.path, "real"), folder.root);
    await store.connect();
    await store.save(commandOf("a", "text"));
    expect(await store.check()).toEqual({ problems: [] });
    expect(existsSync(join(folder.path, "real", "apps"))).toBe(true);
  });

  it.runIf(existsSync("/proc/self"))(
    "that cannot be made where it should be says so at once",
    async () => {
      for (const path of ["/proc/nothing", "/proc/nothing/below"])
        await expect(new FileArtifactStore({ path }).connect()).rejects.toMatchObject({
          code: "MISCONFIGURED",
          message: expect.stringContaining('"/proc/nothing" cannot be made') as string,
        });
    },
  );

  it("is made where somebody removes folders that are empty", async () => {
    let left = 5;
    using mkdir = await PatchedFiles.begin("mkdir", (real) => async (...parameters) => {
      await real(...parameters);
      if (--left > 0) rmdirSync(String(parameters[0]));
    });
    await store.connect();
    expect(existsSync(folder.root)).toBe(true);
    expect(mkdir.count).toBe(5);
  });

  it("is made by several at once", async () => {
    const path = join(folder.path, "a", "b", "c");
    const stores = Array.from({ length: 8 }, () => new FileArtifactStore({ path }));
    await Promise.all(stores.map((each) => each.connect()));
    expect(modeOf(path)).toBe("700");
  });

  it("is synced with all that was made above it, and nothing above one that was there", async () => {
    const path = join(folder.path, "a", "b", "c");
    using sync = await PatchedFiles.begin("sync", (real) => real);
    await new FileArtifactStore({ path }).connect();
    expect(sync.count).toBe(3);
    await new FileArtifactStore({ path }).connect();
    expect(sync.count).toBe(3);
  });

  it("may be reached through a link", async () => {
    symlinkSync(folder.path, join(folder.path, "link"));
    const linked = new FileArtifactStore({ path: join(folder.path, "link", "artifacts") });
    await linked.save(commandOf("a", "text"));
    expect(await readAll(await store.open({ ...KEY, filename: "a" }))).toBe("text");
  });

  describe.runIf(process.getuid?.() === 0)("for somebody else", { timeout: 30_000 }, () => {
    /** What a program of an account without rights prints, which has `FileArtifactService` and `path`. */
    function printedByOthers(body: string): string {
      const program = `
      const { FileArtifactService } = await import("@adk/artifacts-fs");
      const path = ${JSON.stringify(folder.root)};
      ${body}`;
      const child = spawnSync(
        process.execPath,
        ["--conditions=@adk/source", "--input-type=module", "-e", program],
        { uid: 65_534, cwd: import.meta.dirname, encoding: "utf8" },
      );
      expect(child.status, child.stderr).toBe(0);
      return child.stdout.trim();
    }

    it("is PERMISSION_DENIED", async () => {
      await store.save(commandOf("a", "text"));
      chmodSync(folder.path, 0o755);
      const printed = printedByOthers(`
      const service = new FileArtifactService(path);
      const error = await service.listArtifactKeys({ appName: "app", userId: "user" }).catch((e) => e);
      console.log(error.code);`);
      expect(printed).toBe("PERMISSION_DENIED");
    });

    it.each([
      ["may be read but not written", 0o755],
      ["may be written but not read", 0o733],
      ["may not be entered", 0o766],
    ])("%s: connect() says so, and check() reports it", async (_what, mode) => {
      await store.connect();
      chmodSync(folder.path, 0o755);
      chmodSync(folder.root, mode);
      const printed = printedByOthers(`
      const error = await FileArtifactService.connect({ path }).catch((e) => e);
      const { problems } = await new FileArtifactService({ path }).check();
      console.log(JSON.stringify([error.code, error.message.includes(path), problems.map((p) => p.code)]));`);
      const found = ["FOLDER_MODE", "PERMISSION_DENIED"];
      expect(JSON.parse(printed)).toEqual(["PERMISSION_DENIED", true, found]);
    });
  });
});

describe("a file that has changed", () => {
  it.each<[string, (path: string) => void]>([
    ["is cut", (path) => truncateSync(path, 10)],
    ["is empty", (path) => truncateSync(path, 0)],
    ["has a record that is no JSON", (path) => writeFileSync(path, withRecord("no JSON"))],
    ["has a record that says nothing", (path) => writeFileSync(path, withRecord("null"))],
    ["has grown", (path) => appendFileSync(path, "x")],
    ["lost a byte of its body", (path) => writeFileSync(path, readFileSync(path).subarray(1))],
    [
      "has another record",
      (path) =>
        writeFileSync(path, readFileSync(path, "latin1").replace("text/plain", "text/xlain")),
    ],
  ])("because it %s is ARTIFACT_CORRUPT, and can be deleted", async (_what, change) => {
    await store.save(commandOf("a", "the text"));
    const path = await fileOf(store, { ...KEY, filename: "a" });
    change(path);
    const corrupt = { code: "ARTIFACT_CORRUPT", details: { path } };
    await expect(store.open({ ...KEY, filename: "a" })).rejects.toMatchObject(corrupt);
    await expect(store.versions({ ...KEY, filename: "a" })).rejects.toMatchObject(corrupt);
    expect(await store.save(commandOf("a", "next"))).toMatchObject({ version: 1 });
    await store.erase({ ...KEY, filename: "a" });
    expect(await store.list(KEY)).toEqual([]);
  });
});

describe("what was left behind", () => {
  it("is swept when it is old enough", async () => {
    await store.save(commandOf("a", "text"));
    await store.erase({ ...KEY, filename: "b" });
    const leftovers = ["tmp/file", "tmp/folder/life/0", "trash/life/0"];
    for (const name of leftovers) {
      mkdirSync(dirname(join(folder.root, name)), { recursive: true });
      writeFileSync(join(folder.root, name), "half");
      // Only when it was last touched counts: a name's files may be older than its deletion.
      utimesSync(join(folder.root, name), 0, 0);
    }
    expect(await store.purge({ olderThanMs: 60_000 })).toBe(0);
    expect(await store.purge({ olderThanMs: 0 })).toBe(3);
    expect(folder.files()).toHaveLength(1);
    expect(await store.purge({ olderThanMs: 0 })).toBe(0);
  });

  it("is not what a save is just writing", async () => {
    const service = new FileArtifactService(folder.root);
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf("first ");
      expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
      yield bytesOf("second");
    };
    await service.saveArtifactStream({ ...KEY, filename: "a", body: body() });
    expect(await readAll(await store.open({ ...KEY, filename: "a" }))).toBe("first second");
  });

  it("by somebody who sweeps everything is an error for the save, and no version", async () => {
    const service = new FileArtifactService(folder.root);
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf("first");
      for (const path of folder.files(join(folder.root, "tmp"))) rmSync(path);
    };
    const save = service.saveArtifactStream({ ...KEY, filename: "a", body: body() });
    await expect(save).rejects.toMatchObject({
      code: "UNAVAILABLE",
      details: { reason: "swept", committed: false },
    });
    expect(await store.list(KEY)).toEqual([]);
  });
});
