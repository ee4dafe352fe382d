import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileArtifactStore } from "../src/index.ts";
import { commandOf, KEY, readAll } from "./support/commands.ts";
import { fileOf } from "./support/subjects.ts";
import { TempFolder } from "./support/temp-folder.ts";

let folder: TempFolder;
let store: FileArtifactStore;
beforeEach(() => {
  folder = new TempFolder();
  store = new FileArtifactStore({ path: folder.root });
});
afterEach(() => folder[Symbol.dispose]());

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

  it("as a link for a life that leads nowhere is an error, not an endless search", async () => {
    rmSync(life, { recursive: true });
    symlinkSync(join(outside, "nowhere"), life);
    const key = { ...KEY, filename: "a" };
    await expect(store.open(key)).rejects.toMatchObject(foreign);
    await expect(store.versions(key)).rejects.toMatchObject(foreign);
    await expect(store.save(commandOf("a", "next"))).rejects.toMatchObject(foreign);
    await store.erase(key);
    expect(await store.save(commandOf("a", "next"))).toMatchObject({ version: 0 });
  });

  it("in place of a life is an error, not an endless search", async () => {
    rmSync(life, { recursive: true });
    writeFileSync(join(dirname(life), "stray"), "x");
    await expect(store.save(commandOf("a", "next"))).rejects.toMatchObject(foreign);
    await store.erase({ ...KEY, filename: "a" });
    expect(await store.save(commandOf("a", "next"))).toMatchObject({ version: 0 });
  });
});
