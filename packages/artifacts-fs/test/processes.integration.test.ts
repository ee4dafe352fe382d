import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileArtifactService } from "../src/index.ts";
import { Child } from "./support/child.ts";
import { KEY } from "./support/commands.ts";
import { MEMORY_DISK, TempFolder } from "./support/temp-folder.ts";

let folder: TempFolder;
beforeEach(() => {
  folder = new TempFolder(MEMORY_DISK);
});
afterEach(() => folder[Symbol.dispose]());

/** Prints what was measured. */
const tell = (line: string): boolean => process.stdout.write(`${line}\n`);

describe("several processes", { timeout: 120_000 }, () => {
  it("that save one name at once get each version once, with its content", async () => {
    const savers = ["p", "q", "r", "s"].map(
      (name) => new Child("saver", [folder.root, name, "25"]),
    );
    for (const saver of savers) expect(await saver.ended).toBe("");
    const acknowledged = savers.flatMap(({ lines }) => lines.map((line) => line.split(" ")));
    const service = new FileArtifactService(folder.root);
    const shared = { ...KEY, filename: "shared" };
    expect(await service.listVersions(shared)).toEqual(Array.from({ length: 100 }, (_x, n) => n));
    expect(acknowledged).toHaveLength(100);
    for (const [text, version] of acknowledged)
      expect(await service.loadArtifact({ ...shared, version: Number(version) })).toEqual({ text });
  });
});

/** What a reader may find of a name: one of these lists of texts, by version. */
type Allowed = Readonly<Record<string, readonly string[][]>>;

const A = [["a0"], ["a0", "a1"], ["a0 again"], []];
const COPIED: Allowed = {
  "session a": A,
  "session b": [["b0 in pieces"], []],
  "fork a": [["a0", "a1"], []],
  "fork b": [["b0 in pieces"], []],
  "other own": [["own"], []],
  "other a": [["a0", "a1"], []],
  "other b": [["b0 in pieces"], []],
};

/** What must be there when these were the last words. */
const AFTER: Readonly<Record<string, Allowed>> = {
  "saved 0": { "session a": [["a0"], ["a0", "a1"]] },
  "saved 1": { "session a": [["a0", "a1"]] },
  streamed: { "session b": [["b0 in pieces"]], "session a": [["a0", "a1"]] },
  copied: { "fork a": [["a0", "a1"]], "fork b": [["b0 in pieces"]] },
  beside: { "other own": [["own"]] },
  "copied beside": {
    "other own": [["own"]],
    "other a": [["a0", "a1"]],
    "other b": [["b0 in pieces"]],
  },
  deleted: { "session a": [[], ["a0 again"]] },
  "saved again": { "session a": [["a0 again"], []], "fork a": [["a0", "a1"]] },
  erased: { "session a": [[]], "session b": [[]], "fork a": [["a0", "a1"]] },
};

/** Every version, loaded whole. */
async function textsOf(
  service: FileArtifactService,
  sessionId: string,
  filename: string,
): Promise<string[]> {
  const key = { ...KEY, sessionId, filename };
  const texts: string[] = [];
  for (const version of await service.listVersions(key)) {
    expect(version, "a gap").toBe(texts.length);
    const { text, inlineData } = (await service.loadArtifact({ ...key, version })) ?? {};
    texts.push(text ?? Buffer.from(inlineData?.data ?? "", "base64").toString());
  }
  return texts;
}

describe("a process that is killed", { timeout: 600_000 }, () => {
  it("at each of its calls that write leaves whole versions, and what a sweep finds", async () => {
    const whole = new Child("cut-saver", [folder.root, "0"]);
    expect(await whole.ended).toBe("");
    const calls = Number(whole.lines.at(-1)?.replace("done ", ""));
    expect(calls).toBeGreaterThanOrEqual(100);
    let leftovers = 0;
    // The children compile the same sources, each again.
    const env = { ...process.env, NODE_COMPILE_CACHE: folder.path };
    const cut = async (at: number): Promise<void> => {
      using place = new TempFolder(MEMORY_DISK);
      await using child = new Child("cut-saver", [place.root, String(at)], { env });
      expect(await child.ended).toBe("");
      expect(child.lines.join(), "it was not killed").not.toContain("done");
      const service = new FileArtifactService(place.root);
      const expected = { ...COPIED, ...AFTER[child.lines.at(-1) ?? ""] };
      for (const [name, allowed] of Object.entries(expected)) {
        const [sessionId = "", filename = ""] = name.split(" ");
        const texts = await textsOf(service, sessionId, filename);
        expect(allowed, `call ${at}, ${name}`).toContainEqual(texts);
        const listed = await service.listArtifactKeys({ ...KEY, sessionId });
        expect(listed.includes(filename), `call ${at}, ${name}`).toBe(texts.length > 0);
      }
      // A session without artifacts gets all in one step; what has begun elsewhere is completed by the same copy.
      const copied = await service.listArtifactKeys({ ...KEY, sessionId: "fork" });
      expect([[], ["a", "b"]], `call ${at}`).toContainEqual(copied);
      if (child.lines.at(-1) === "beside") {
        await service.copySessionArtifacts({ ...KEY, newSessionId: "other" });
        expect(await service.listArtifactKeys({ ...KEY, sessionId: "other" })).toEqual([
          "a",
          "b",
          "own",
        ]);
      }
      leftovers += await service.purgeOrphans({ olderThanMs: 0 });
      for (const name of ["tmp", "trash"])
        expect(place.files(join(place.root, name)), `call ${at}`).toEqual([]);
      expect(await service.purgeOrphans({ olderThanMs: 0 })).toBe(0);
      // And it goes on.
      const next = { ...KEY, filename: "next", artifact: { text: "next" } };
      expect(await service.saveArtifact(next)).toBe(0);
    };
    const points = Array.from({ length: calls }, (_x, index) => index + 1);
    const worker = async (): Promise<void> => {
      for (let at = points.shift(); at !== undefined; at = points.shift()) await cut(at);
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(leftovers).toBeGreaterThan(0);
    tell(
      `SIGKILL at ${calls} calls that write: no half version, ${leftovers} leftovers, all swept`,
    );
  });
});
