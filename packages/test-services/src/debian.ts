import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Binary } from "./binary.ts";
import { run } from "./run.ts";
import { unpackOnce } from "./unpack-once.ts";

const MIRROR = "http://deb.debian.org/debian";
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

export interface DebianPackages {
  /** What the cache calls them. */
  readonly name: string;
  /** Where they are from: `trixie`, `bookworm-backports`. Absent: what the machine's own sources have. */
  readonly suite?: string | undefined;
  /** The first is what is wanted; of the others, its libraries, some may have another name here. */
  readonly packages: readonly [string, ...string[]];
}

/**
 * Debian's packages, unpacked into a folder of their own: nothing is installed, and the machine's apt is not changed.
 *
 * @throws Error with apt's reason, where they cannot be had.
 */
export function unpackDebian({ name, suite, packages }: DebianPackages): string {
  return unpackOnce(name, (folder) => {
    const own = join(folder, "apt");
    if (suite !== undefined) download(folder, packages, updateLists(own, suite));
    else
      try {
        download(folder, packages, []);
      } catch {
        // The machine's lists are empty or old, and may not be ours to renew.
        download(folder, packages, updateLists(own));
      }
    rmSync(own, { recursive: true, force: true });
    for (const archive of archivesOf(folder)) {
      run("dpkg", ["-x", archive, "."], folder);
      rmSync(join(folder, archive));
    }
  });
}

/** A program of an unpacked folder, on the machine's libc and on libraries of the folder. */
export function onMachine(folder: string, file: string): Binary {
  return { command: [join(folder, file)], env: { LD_LIBRARY_PATH: librariesOf(folder) } };
}

/** A program of an unpacked folder that holds its libc too, newer than the machine's. */
export function onItsOwnLibc(folder: string, file: string): Binary {
  const libraries = librariesOf(folder);
  const loader = libraries
    .split(":")
    .map((library) => join(library, "ld-linux-x86-64.so.2"))
    .find((path) => existsSync(path));
  if (loader === undefined) throw new Error(`There is no loader for x86-64 in ${folder}.`);
  return { command: [loader, "--library-path", libraries, join(folder, file)], env: {} };
}

function librariesOf(folder: string): string {
  const lib = join(folder, "usr/lib");
  const all = existsSync(lib) ? readdirSync(lib).map((name) => join(lib, name)) : [];
  return [...all, lib].join(":");
}

function archivesOf(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".deb"));
}

function download(folder: string, packages: readonly string[], lists: readonly string[]): void {
  try {
    run("apt-get", [...lists, "download", ...packages], folder);
  } catch {
    for (const [index, name] of packages.entries())
      try {
        run("apt-get", [...lists, "download", name], folder);
      } catch (error) {
        if (index === 0) throw error;
      }
  }
}

/** Fetches lists into a folder of ours. @returns the options with which apt reads them, and nothing else. */
function updateLists(folder: string, suite?: string): string[] {
  for (const name of ["lists/partial", "cache/archives/partial"])
    mkdirSync(join(folder, name), { recursive: true });
  const settings = [`Dir::State::lists=${folder}/lists`, `Dir::Cache=${folder}/cache`];
  if (process.getuid?.() === 0) settings.push("APT::Sandbox::User=root");
  if (suite !== undefined) {
    const source = join(folder, "suite.sources");
    const lines = ["Types: deb", `URIs: ${MIRROR}`, `Suites: ${suite}`, "Components: main"];
    writeFileSync(source, [...lines, `Signed-By: ${KEYRING}`, ""].join("\n"));
    settings.push(`Dir::Etc::sourcelist=${source}`, "Dir::Etc::sourceparts=-");
  }
  const words = settings.flatMap((setting) => ["-o", setting]);
  run("apt-get", [...words, "update"], folder);
  return words;
}
