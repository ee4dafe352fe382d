import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own, that goes with its scope. */
export class TempFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "adk-sqlite-"));

  file(name: string = "sessions.db"): string {
    return join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
