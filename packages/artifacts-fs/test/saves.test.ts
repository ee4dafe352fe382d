import { linkSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileArtifactService, FileArtifactStore } from "../src/index.ts";
import { bytesOf, commandOf, KEY, readAll, USER } from "./support/commands.ts";
import { PatchedFiles, systemError } from "./support/patched-files.ts";
import { fileOf } from "./support/subjects.ts";
import { TempFolder } from "./support/temp-folder.ts";

type Call = Parameters<Parameters<typeof PatchedFiles.begin>[1]>[0];

let folder: TempFolder;
let store: FileArtifactStore;
beforeEach(() => {
  folder = new TempFolder();
  store = new FileArtifactStore({ path: folder.root });
});
afterEach(() => folder[Symbol.dispose]());

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

  it("is on the disk, and its folder too, when it is answered; nothing is published before", async () => {
    const done: string[] = [];
    const noting = (name: string) => (real: Call) =>
      async function (this: unknown, ...parameters: unknown[]) {
        const result = await real.apply(this, parameters);
        done.push(name);
        return result;
      };
    await store.save(commandOf("a", "makes the folders"));
    await store.erase({ ...KEY, filename: "a" });
    using _write = await PatchedFiles.begin("write", noting("write"));
    using _sync = await PatchedFiles.begin("sync", noting("sync"));
    using _link = await PatchedFiles.begin("link", noting("link"));
    using _rename = await PatchedFiles.begin("rename", noting("rename"));
    await store.save(commandOf("a", "first"));
    // Bytes and record, the file; two folders that nobody sees; the name appears in a third.
    const file = ["write", "write", "sync", "link"];
    expect(done.splice(0)).toEqual([...file, "sync", "sync", "rename", "sync"]);
    await store.save(commandOf("a", "second"));
    expect(done.splice(0)).toEqual([...file, "sync"]);
    await store.erase({ ...KEY, filename: "a" });
    expect(done).toEqual(["rename", "sync"]);
  });

  it("whose last sync fails is repeated, and is one version", async () => {
    const service = new FileArtifactService(folder.root);
    const name = { ...KEY, filename: "a" };
    const save = { ...name, artifact: { text: "text" } };
    await service.saveArtifact(save);
    await store.connect();
    let syncs = 0;
    using sync = await PatchedFiles.begin(
      "sync",
      (real) =>
        async function () {
          if (++syncs === 2) throw systemError("EIO");
          return await real.call(this);
        },
    );
    expect(await service.saveArtifact(save)).toBe(1);
    expect(await service.listVersions(name)).toEqual([0, 1]);
    expect(sync.count).toBe(3);
    syncs = 0;
    await expect(store.save(commandOf("a", "text"))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { reason: "io", systemCode: "EIO", committed: "unknown" },
    });
  });

  it("that is overtaken by a deletion and another save comes after that one", async () => {
    const key = { ...KEY, filename: "a" };
    const other = new FileArtifactStore({ path: folder.root });
    for (const scope of [
      key,
      { ...KEY, everything: true as const },
      { ...USER, everything: true as const },
    ]) {
      await store.erase(key);
      for (const text of ["old 0", "old 1"]) await store.save(commandOf("a", text));
      let isOvertaken = false;
      using _link = await PatchedFiles.begin("link", (real) => async (from, to) => {
        if (!isOvertaken && String(to).includes("/apps/")) {
          isOvertaken = true;
          await other.erase(scope);
          await other.save(commandOf("a", "new 0"));
        }
        return await real(from, to);
      });
      // It was about to become version 2.
      expect(await store.save(commandOf("a", "late"))).toMatchObject({ version: 1 });
      expect(isOvertaken).toBe(true);
      const versions = await store.versions(key);
      expect(versions.map(({ version }) => version)).toEqual([0, 1]);
      expect(await readAll(await store.open(key))).toBe("late");
    }
  });

  it.each(["mkdir", "link", "rename", "sync"] as const)(
    "begins anew when all of the user's is deleted at a %s of it",
    async (method) => {
      const other = new FileArtifactStore({ path: folder.root });
      await store.save(commandOf("b", "makes the folders"));
      let deletions = 0;
      let isDeleting = false;
      using _patch = await PatchedFiles.begin(
        method,
        (real) =>
          async function (...parameters) {
            if (deletions < 8 && !isDeleting) {
              isDeleting = true;
              await other.erase({ ...USER, everything: true });
              isDeleting = false;
              deletions++;
            }
            return await real.apply(this, parameters);
          },
      );
      expect(await store.save(commandOf("a", "text"))).toMatchObject({ version: 0 });
      expect(deletions).toBeGreaterThan(2);
    },
  );

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

  it.each(["EMLINK", "EPERM"])(
    "of a file that gets no more names (%s) has bytes of its own",
    async (code) => {
      await store.save(commandOf("a", "text"));
      using link = await PatchedFiles.begin("link", (real) => async (from, to) => {
        if (String(from).includes("/apps/")) throw systemError(code);
        return await real(from, to);
      });
      await store.copy(copy([{ filename: "a", version: 0 }]));
      expect(link.count).toBe(1);
      await store.erase({ ...KEY, everything: true });
      expect(await readAll(await store.open({ ...FORK, filename: "a" }))).toBe("text");
    },
  );

  it("into a session with artifacts stands beside them", async () => {
    for (const filename of ["a", "b"]) await store.save(commandOf(filename, filename));
    await store.save({ ...commandOf("own", "own"), ...FORK });
    const versions = ["a", "b"].map((filename) => ({ filename, version: 0 }));
    await store.copy(copy(versions));
    await store.copy(copy(versions));
    expect(await store.list(FORK)).toEqual(["a", "b", "own"]);
    expect(await readAll(await store.open({ ...FORK, filename: "own" }))).toBe("own");
    expect(folder.files(join(folder.root, "tmp"))).toEqual([]);
  });

  it("of a name that is deleted meanwhile gives no name without versions", async () => {
    for (const filename of ["a", "b"]) await store.save(commandOf(filename, filename));
    using _link = await PatchedFiles.begin("link", (real) => async (from, to) => {
      if (String(from).includes("/a/")) throw systemError("ENOENT");
      return await real(from, to);
    });
    await store.copy(copy(["a", "b"].map((filename) => ({ filename, version: 0 }))));
    expect(await store.list(FORK)).toEqual(["b"]);
  });

  it("that somebody sweeps away amid it is an error, not a session without artifacts", async () => {
    await store.save(commandOf("a", "text"));
    using _rename = await PatchedFiles.begin("rename", (real) => async (from, to) => {
      rmSync(String(from), { recursive: true, force: true });
      return await real(from, to);
    });
    await expect(store.copy(copy([{ filename: "a", version: 0 }]))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      retryable: true,
      details: { reason: "swept", committed: false },
    });
  });

  it.each([
    ["is taken back whole", ["b"], false],
    ["says why, also when it cannot be taken back", ["a", "b"], true],
  ])(
    "into a session with artifacts %s when a part of it cannot be",
    async (_what, left, isStuck) => {
      using _unlink = await PatchedFiles.begin("unlink", (real) => async (path) => {
        if (isStuck) throw systemError("EACCES");
        return await real(path);
      });
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
      expect(await store.list(FORK)).toEqual(left);
      expect(await store.versions({ ...FORK, filename: "b" })).toHaveLength(2);
    },
  );
});
