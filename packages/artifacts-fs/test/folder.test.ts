import { bytesOf, commandOf, KEY, readAll, USER } from "./support/commands.ts";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileArtifactService, FileArtifactStore } from "../src/index.ts";
import { fileOf } from "./support/subjects.ts";
import { TempFolder } from "./support/temp-folder.ts";

let folder: TempFolder;
let store: FileArtifactStore;
beforeEach(() => {
  folder = new TempFolder();
  store = new FileArtifactStore({ path: folder.root });
});
afterEach(() => folder[Symbol.dispose]());

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("the folder", () => {
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

  it("may be reached through a link", async () => {
    symlinkSync(folder.path, join(folder.path, "link"));
    const linked = new FileArtifactStore({ path: join(folder.path, "link", "artifacts") });
    await linked.save(commandOf("a", "text"));
    expect(await readAll(await store.open({ ...KEY, filename: "a" }))).toBe("text");
  });

  it.runIf(process.getuid?.() === 0)("that may not be written is PERMISSION_DENIED", async () => {
    await store.save(commandOf("a", "text"));
    chmodSync(folder.path, 0o755);
    const program = `
      const { FileArtifactService } = await import("@adk/artifacts-fs");
      const service = new FileArtifactService(${JSON.stringify(folder.root)});
      const error = await service.listArtifactKeys({ appName: "app", userId: "user" }).catch((e) => e);
      console.log(error.code);`;
    const child = spawnSync(
      process.execPath,
      ["--conditions=@adk/source", "--input-type=module", "-e", program],
      { uid: 65_534, cwd: import.meta.dirname, encoding: "utf8" },
    );
    expect(child.stdout.trim(), child.stderr).toBe("PERMISSION_DENIED");
  });
});

/** What a link or a file of somebody else must not give away, or let through. */
describe("something planted in the folder", () => {
  const foreign = { code: "MISCONFIGURED", details: { committed: false, reason: "foreign" } };
  let outside: string;
  let life: string;
  let secret: Buffer;
  beforeEach(async () => {
    await store.save(commandOf("a", "text"));
    life = dirname(await fileOf(store, { ...KEY, filename: "a" }));
    // A folder elsewhere that looks like one of ours: it would be read if it were followed.
    outside = join(folder.path, "outside");
    const other = new FileArtifactStore({ path: outside });
    await other.save(commandOf("a", "secret"));
    secret = readFileSync(await fileOf(other, { ...KEY, filename: "a" }));
  });

  it("as a link for a version is not read, and not overwritten", async () => {
    writeFileSync(join(folder.path, "secret"), secret);
    symlinkSync(join(folder.path, "secret"), join(life, "1"));
    await expect(store.open({ ...KEY, filename: "a" })).rejects.toMatchObject(foreign);
    await expect(store.versions({ ...KEY, filename: "a" })).rejects.toMatchObject(foreign);
    expect(await store.save(commandOf("a", "next"))).toMatchObject({ version: 2 });
    expect(readFileSync(join(folder.path, "secret"))).toEqual(secret);
  });

  it.each([
    ["a life", (): string => life],
    ["a name", (): string => dirname(life)],
    ["a session", (): string => dirname(dirname(life))],
    ["a user", (): string => join(folder.root, "apps", "app", "user")],
    ["an app", (): string => join(folder.root, "apps", "app")],
    ["all apps", (): string => join(folder.root, "apps")],
  ])("as a link for %s is followed by nothing", async (_what, place) => {
    const path = place();
    const twin = path.replace(folder.root, outside);
    const target = existsSync(twin) ? twin : dirname(twin);
    rmSync(path, { recursive: true });
    symlinkSync(target, path);
    const before = folder.files(outside);
    const key = { ...KEY, filename: "a" };
    await expect(store.open(key)).rejects.toMatchObject(foreign);
    await expect(store.versions(key)).rejects.toMatchObject(foreign);
    await expect(store.save(commandOf("a", "mine"))).rejects.toMatchObject(foreign);
    // Deleting takes the link away, or refuses; what it leads to stays.
    await store.erase(key).catch((error: unknown) => expect(error).toMatchObject(foreign));
    await store.erase({ ...KEY, everything: true }).catch(() => undefined);
    await store.purge({ olderThanMs: 0 });
    expect(folder.files(outside)).toEqual(before);
  });

  it.each(["tmp", "trash"])("as a link for %s lets nothing through", async (name) => {
    rmSync(join(folder.root, name), { recursive: true, force: true });
    mkdirSync(join(folder.path, "elsewhere"));
    writeFileSync(join(folder.path, "elsewhere", "kept"), "kept");
    symlinkSync(join(folder.path, "elsewhere"), join(folder.root, name));
    const command = commandOf("a", "next");
    const call = name === "tmp" ? store.save(command) : store.erase({ ...KEY, filename: "a" });
    await expect(call).rejects.toMatchObject(foreign);
    await expect(store.purge({ olderThanMs: 0 })).rejects.toMatchObject(foreign);
    expect(readFileSync(join(folder.path, "elsewhere", "kept"), "utf8")).toBe("kept");
    expect(await readAll(await store.open({ ...KEY, filename: "a" }))).toBe("text");
  });

  it("as a pipe is not waited for", async () => {
    expect(spawnSync("mkfifo", [join(life, "1")]).status).toBe(0);
    await expect(store.open({ ...KEY, filename: "a" })).rejects.toMatchObject(foreign);
  });

  it("as a file of another program is in nobody's list", async () => {
    const scope = dirname(dirname(life));
    writeFileSync(join(scope, ".DS_Store"), "x");
    writeFileSync(join(life, ".DS_Store"), "x");
    writeFileSync(join(dirname(life), ".DS_Store"), "x");
    mkdirSync(join(scope, "Not Ours"));
    symlinkSync(outside, join(scope, "link"));
    expect(await store.list(KEY)).toEqual(["a"]);
    expect(await store.versions({ ...KEY, filename: "a" })).toHaveLength(1);
    expect(await store.save(commandOf("a", "next"))).toMatchObject({ version: 1 });
  });

  it("in place of a life is an error, not an endless search", async () => {
    rmSync(life, { recursive: true });
    writeFileSync(join(dirname(life), "stray"), "x");
    await expect(store.save(commandOf("a", "next"))).rejects.toMatchObject(foreign);
    await store.erase({ ...KEY, filename: "a" });
    expect(await store.save(commandOf("a", "next"))).toMatchObject({ version: 0 });
  });
});

describe("a file that has changed", () => {
  it.each<[string, (path: string) => void]>([
    ["is cut", (path) => truncateSync(path, 10)],
    ["is empty", (path) => truncateSync(path, 0)],
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

describe("a save", () => {
  it("whose stream fails with an error of the file system has that error unchanged", async () => {
    const failure = Object.assign(new Error("ENOSPC: elsewhere"), {
      code: "ENOSPC",
      syscall: "read",
    });
    const service = new FileArtifactService(folder.root);
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf("first");
      throw failure;
    };
    await expect(service.saveArtifactStream({ ...KEY, filename: "a", body: body() })).rejects.toBe(
      failure,
    );
    expect(folder.files()).toEqual([]);
  });

  it("that is repeated is the same version, also behind newer ones and in the next life", async () => {
    const first = commandOf("a", "first");
    const saved = await store.save(first);
    await store.save(commandOf("a", "second"));
    expect(await store.save(first)).toEqual(saved);
    expect(await store.versions({ ...KEY, filename: "a" })).toHaveLength(2);
    await store.erase({ ...KEY, filename: "a" });
    expect(await store.save(first)).toMatchObject({ version: 0 });
    expect(await store.versions({ ...KEY, filename: "a" })).toHaveLength(1);
  });

  it("has the store's time", async () => {
    const clock = { now: () => 42, after: () => () => {} };
    const timed = new FileArtifactStore({ path: folder.root, clock });
    expect(await timed.save(commandOf("a", "text"))).toMatchObject({ createTime: 42 });
    expect(await store.versions({ ...KEY, filename: "a" })).toMatchObject([{ createTime: 42 }]);
  });
});

describe("a copy", () => {
  const copy = (versions: { filename: string; version: number; fileUri?: string }[]) => ({
    ...USER,
    from: "session",
    to: "fork",
    versions,
  });
  const FORK = { ...USER, sessionId: "fork" };

  it("takes no room: the bytes are the same file's", async () => {
    await store.save(commandOf("a", "text"));
    await store.copy(copy([{ filename: "a", version: 0 }]));
    const [from, to] = [
      await fileOf(store, { ...KEY, filename: "a" }),
      await fileOf(store, { ...FORK, filename: "a" }),
    ];
    expect(from).not.toBe(to);
    expect(statSync(to).ino).toBe(statSync(from).ino);
    await store.erase({ ...KEY, everything: true });
    expect(await readAll(await store.open({ ...FORK, filename: "a" }))).toBe("text");
  });

  it("into a session with artifacts is taken back whole when a part of it cannot be", async () => {
    for (const filename of ["a", "b", "c"]) await store.save(commandOf(filename, filename));
    await store.save(commandOf("b", "b1"));
    // The other session gets a `b` 1 of its own when the copy has looked already.
    await store.save({ ...commandOf("b", "taken"), ...FORK });
    const versions = [
      { filename: "a", version: 0 },
      { filename: "b", version: 1 },
      { filename: "c", version: 0 },
    ];
    const there = dirname(await fileOf(store, { ...FORK, filename: "b" }));
    let looks = 0;
    const signal = {
      get aborted() {
        // The last look is the one before anything is published.
        if (++looks === 2 + versions.length) linkSync(join(there, "0"), join(there, "1"));
        return false;
      },
    } as AbortSignal;
    await expect(store.copy(copy(versions), signal)).rejects.toMatchObject({
      code: "ARTIFACT_CONFLICT",
    });
    expect(await store.list(FORK)).toEqual(["b"]);
    expect(await store.versions({ ...FORK, filename: "b" })).toHaveLength(2);
  });
});
