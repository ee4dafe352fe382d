import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own, that goes with its scope. */
export class TempFolder implements Disposable {
  readonly path: string;

  /** @param parent where it is made; the machine's folder for temporary files when that does not exist. */
  constructor(parent: string = tmpdir()) {
    this.path = mkdtempSync(join(existsSync(parent) ? parent : tmpdir(), "adk-sqlite-"));
  }

  file(name: string = "sessions.db"): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
