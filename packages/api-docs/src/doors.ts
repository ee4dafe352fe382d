import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PACKAGES = new URL("../../", import.meta.url);

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
}

/** What a user imports, and the source file behind it. */
export interface Door {
  /** `@adk/core/testing` */
  readonly name: string;
  /** An absolute path. */
  readonly source: string;
}

/** Every door of every published package. */
export function doors(): Door[] {
  return readdirSync(PACKAGES)
    .map((folder) => new URL(`${folder}/`, PACKAGES))
    .filter((folder) => existsSync(new URL("package.json", folder)))
    .flatMap(doorsOf);
}

function doorsOf(folder: URL): Door[] {
  const manifest = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as Manifest;
  if (manifest.private === true) return [];
  return Object.entries(manifest.exports ?? {}).flatMap(([door, target]) => {
    const source = typeof target === "string" ? undefined : target["@adk/source"];
    if (source === undefined) return [];
    const name = manifest.name + door.slice(1);
    return [{ name, source: fileURLToPath(new URL(source, folder)) }];
  });
}
