import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { ROOT } from "../setup.mjs";

/** What packages say in `engines`, and the newest that they are tried on. */
export const OLDEST = "22.18.0";
export const NEWEST = "26.10.0";

const WINDOWS = process.platform === "win32";

/** @returns the path of a Node of this version, from the registry, kept for the next run; `undefined` when it cannot be had. */
export function nodeOf(version) {
  const name = `node-${WINDOWS ? "win" : process.platform}-${process.arch}`;
  const folder = join(ROOT, "node_modules/.cache/adk", `node-${version}`);
  const file = join(folder, "node_modules", name, "bin", WINDOWS ? "node.exe" : "node");
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true });
    const flags = ["--prefix", folder, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
    spawnSync("npm", ["install", ...flags, `${name}@${version}`], { cwd: folder, shell: WINDOWS });
  }
  return existsSync(file) ? file : undefined;
}
