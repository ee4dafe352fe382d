import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";

/** The first folder of the path that has it. */
export function onPath(name: string): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

/**
 * Debian's packages, unpacked into a folder of their own: nothing is installed. Of those after the first some may not exist.
 *
 * @returns the folder and where the libraries are; `undefined` where they cannot be fetched.
 */
export function unpackDebian(
  packages: readonly [string, ...string[]],
): { folder: string; libraries: string } | undefined {
  const folder = join(tmpdir(), `adk-test-${packages[0]}-${userInfo().uid}`);
  const done = join(folder, "usr");
  if (!existsSync(done) && !fetchAll(folder, packages)) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  const lib = join(folder, "usr/lib");
  const all = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : [];
  return { folder, libraries: [...all, lib].join(":") };
}

function fetchAll(folder: string, packages: readonly string[]): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const done = (file: string, words: readonly string[]): boolean =>
    spawnSync(file, words, { cwd: folder }).status === 0;
  const isFetched =
    done("apt-get", ["download", ...packages]) ||
    packages.map((name) => done("apt-get", ["download", name]))[0] === true;
  const archives = readdirSync(folder).filter((name) => name.endsWith(".deb"));
  return isFetched && archives.every((name) => done("dpkg", ["-x", name, "."]));
}
