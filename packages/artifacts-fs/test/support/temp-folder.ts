import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** In memory where there is such a disk: syncs cost nothing. */
export const MEMORY_DISK = "/dev/shm";

/** A folder of its own, that goes with its scope. */
export class TempFolder implements Disposable {
  readonly path: string;

  /** @param parent where it is made; the machine's folder for temporary files when that does not exist. */
  constructor(parent: string = tmpdir()) {
    const made = mkdtempSync(join(existsSync(parent) ? parent : tmpdir(), "adk-files-"));
    this.path = realpathSync(made);
  }

  /** The folder that a store is given; it is not there yet. */
  get root(): string {
    return join(this.path, "artifacts");
  }

  /** The paths of all that is no folder, below. */
  files(from: string = this.path): string[] {
    if (!existsSync(from)) return [];
    return readdirSync(from, { withFileTypes: true, recursive: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted();
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
