import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** How many packages are in a `node_modules`, of npm or of pnpm, and the bytes of all its files; a link counts nothing. */
export function sizeOf(modules) {
  const total = { packages: 0, bytes: 0 };
  walk(modules, total);
  return total;
}

function walk(folder, total) {
  for (const { name } of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, name);
    const found = lstatSync(path);
    if (found.isSymbolicLink()) continue;
    if (!found.isDirectory()) {
      total.bytes += found.size;
      continue;
    }
    if (isPackage(folder, name) && existsSync(join(path, "package.json"))) total.packages++;
    walk(path, total);
  }
}

/** `node_modules/name` and `node_modules/@scope/name`; other folders hold a package.json for Node's eyes alone. */
function isPackage(folder, name) {
  if (name.startsWith("@")) return false;
  return /node_modules(?:[/\\]@[^/\\]+)?$/.test(folder);
}
