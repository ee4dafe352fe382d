import type { ArtifactKey } from "@adk/core";
import { artifactStoreSubject, type ArtifactSubject } from "@adk/core/testing";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FileArtifactStore } from "../../src/index.ts";
import { MEMORY_DISK, TempFolder } from "./temp-folder.ts";

/** A folder, opened anew for each service. */
export function folderSubject(parent: string | undefined = MEMORY_DISK): ArtifactSubject {
  const folder = new TempFolder(parent);
  const connect = (): FileArtifactStore => new FileArtifactStore({ path: folder.root });
  return artifactStoreSubject({
    connect,
    capabilities: { copy: true },
    corrupt: async (key) => flipFirstBit(await fileOf(connect(), key)),
    remove: async () => folder[Symbol.dispose](),
  });
}

/** The file of a version. */
export async function fileOf(
  store: FileArtifactStore,
  key: ArtifactKey & { version?: number },
): Promise<string> {
  await using opened = await store.open({ ...key, range: { start: 0, end: 0 } });
  if (!opened) throw new Error("There is no such version.");
  return fileURLToPath(opened.canonicalUri);
}

function flipFirstBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}
