import { join } from "node:path";
import { entriesIn, isThere, removeAll, statOf } from "./disk.ts";
import { checkSignal } from "./errors.ts";
import type { Keys } from "./keys.ts";
import { isInUse } from "./staged-file.ts";

/**
 * Removes what saves, copies and deletions that died have left behind. Nothing of it was ever seen by a reader.
 *
 * @param olderThanMs since it was last written to or moved, by the file system's clock.
 * @returns how many files and folders there were.
 */
export async function sweep(
  keys: Keys,
  olderThanMs: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  let count = 0;
  for (const folder of [keys.staging, keys.trash]) {
    // A link in its place is refused here: what it leads to is not ours to remove.
    if (!(await isThere(folder))) continue;
    for (const { name } of await entriesIn(folder)) {
      checkSignal(signal);
      const path = join(folder, name);
      const stat = isInUse(path) ? undefined : await statOf(path);
      if (!stat || Date.now() - Math.floor(stat.ctimeMs) < olderThanMs) continue;
      await removeAll(path);
      count++;
    }
  }
  return count;
}
