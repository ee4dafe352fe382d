import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

type Call = (this: unknown, ...parameters: unknown[]) => Promise<unknown>;

/** Of `node:fs/promises`, or of the handles that it gives. */
export type FileMethod = "link" | "mkdir" | "readdir" | "rename" | "sync" | "unlink" | "write";

const OF_HANDLES: ReadonlySet<string> = new Set(["sync", "write"]);

/** While it lives, this process calls something else in place of one function of the file system. */
export class PatchedFiles implements Disposable {
  /** How often it was called. */
  count = 0;
  readonly #undo: () => void;

  private constructor(
    owner: Record<string, unknown>,
    method: FileMethod,
    instead: (real: Call) => Call,
  ) {
    const real = owner[method] as Call;
    const other = instead(real);
    const called = (): void => void this.count++;
    owner[method] = function (this: unknown, ...parameters: unknown[]) {
      called();
      return other.apply(this, parameters);
    };
    syncBuiltinESMExports();
    this.#undo = () => {
      owner[method] = real;
      syncBuiltinESMExports();
    };
  }

  /** @param instead what is called, given what the function really does. */
  static async begin(method: FileMethod, instead: (real: Call) => Call): Promise<PatchedFiles> {
    const handle = await files.open(process.execPath);
    await handle.close();
    const owner: unknown = OF_HANDLES.has(method) ? Object.getPrototypeOf(handle) : files;
    return new PatchedFiles(owner as Record<string, unknown>, method, instead);
  }

  [Symbol.dispose](): void {
    this.#undo();
  }
}

/** An error as the system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as a test wants it`), { code, syscall: "test" });
}
