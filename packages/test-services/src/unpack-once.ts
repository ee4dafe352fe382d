import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/**
 * A folder under the temporary one that `unpack` fills when it is first asked for; later calls find it.
 *
 * It is there whole or not at all: processes that unpack at the same time each fill one, and the first to finish gives its own.
 *
 * @throws what `unpack` throws; then nothing is left.
 */
export function unpackOnce(name: string, unpack: (folder: string) => void): string {
  const folder = join(tmpdir(), `adk-test-${name}-${userInfo().uid}`);
  if (existsSync(folder)) return folder;
  const own = mkdtempSync(`${folder}-`);
  try {
    unpack(own);
    // Servers that do not run as root read it as another user.
    chmodSync(own, 0o755);
    if (!existsSync(folder)) renameSync(own, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
  return folder;
}
