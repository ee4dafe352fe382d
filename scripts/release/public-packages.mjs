import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What is published, core first: `{ folder, manifest }`, `folder` being the name below `packages`. */
export function publicPackages(root) {
  const packages = readdirSync(join(root, "packages"))
    .filter((folder) => existsSync(join(root, "packages", folder, "package.json")))
    .map((folder) => ({ folder, manifest: readManifest(join(root, "packages", folder)) }))
    .filter(({ manifest }) => manifest.private !== true);
  const isCore = ({ folder }) => folder === "core";
  return [...packages.filter(isCore), ...packages.filter((each) => !isCore(each))];
}

export function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
