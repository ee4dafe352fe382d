import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename, dirname } from "node:path";

type Files = Record<string, (...parameters: never[]) => Promise<unknown>>;
type Call = (...parameters: unknown[]) => Promise<unknown>;

/** A store with one mistake in how it uses the file system, and the cases that name it. */
export interface BrokenFiles {
  readonly name: string;
  /** The function of `node:fs/promises` that is called in a wrong way. */
  readonly method: "link" | "readdir" | "rename" | "write";
  /** What is done instead, given what the function really does. */
  readonly instead: (real: Call) => (this: unknown, ...parameters: unknown[]) => Promise<unknown>;
  readonly caughtBy: readonly string[];
}

const isIn = (folder: string, path: unknown): boolean => basename(dirname(String(path))) === folder;

/** The stores that the kit must catch. */
export const brokenFiles: readonly BrokenFiles[] = [
  {
    name: "puts a version in the place of another's",
    method: "link",
    instead: () => async (from, to) => await files.copyFile(String(from), String(to)),
    caughtBy: ["save-race-distinct-versions", "stream-race"],
  },
  {
    name: "begins a name anew where another save has just begun it",
    method: "rename",
    instead: (real) => async (from, to) => {
      if (isIn("tmp", from)) await files.rm(String(to), { recursive: true, force: true });
      return await real(from, to);
    },
    caughtBy: ["save-race-distinct-versions", "stream-race"],
  },
  {
    name: "moves what it should copy",
    method: "link",
    instead: (real) => async (from, to) =>
      String(from).includes("/apps/")
        ? await files.rename(String(from), String(to))
        : await real(from, to),
    caughtBy: ["copy-all"],
  },
  {
    name: "deletes nothing",
    method: "rename",
    instead: (real) => async (from, to) => (isIn("trash", to) ? undefined : await real(from, to)),
    caughtBy: [
      "delete-removes-all-versions",
      "delete-restarts-at-zero",
      "delete-session-artifacts",
      "delete-user-artifacts",
    ],
  },
  {
    name: "takes a piece that was written in part for a whole one",
    method: "write",
    instead: (real) =>
      async function (bytes, start, length) {
        await real.call(this, bytes, start, Math.ceil(Number(length) / 2));
        return { bytesWritten: length };
      },
    caughtBy: ["content-bytes", "content-text", "stream-round-trip"],
  },
  {
    name: "sees no more than a thousand entries of a folder",
    method: "readdir",
    instead: (real) => async (folder, options) =>
      ((await real(folder, options)) as unknown[]).slice(0, 1_000),
    caughtBy: ["list-many-names", "versions-beyond-a-page"],
  },
];

/** While it lives, this process makes the mistake. */
export class Mistake implements Disposable {
  /** How often it was made. */
  count = 0;
  readonly #undo: () => void;

  private constructor(owner: Files, { method, instead }: BrokenFiles) {
    const real = owner[method] as unknown as Call;
    const wrong = instead(real);
    const made = (): void => void this.count++;
    owner[method] = function (this: unknown, ...parameters: unknown[]) {
      made();
      return wrong.apply(this, parameters);
    };
    syncBuiltinESMExports();
    this.#undo = () => {
      owner[method] = real as Files[string];
      syncBuiltinESMExports();
    };
  }

  static async make(broken: BrokenFiles): Promise<Mistake> {
    if (broken.method !== "write") return new Mistake(files as unknown as Files, broken);
    const handle = await files.open(process.execPath);
    await handle.close();
    return new Mistake(Object.getPrototypeOf(handle) as Files, broken);
  }

  [Symbol.dispose](): void {
    this.#undo();
  }
}
