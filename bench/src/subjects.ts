import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { install, packCore } from "../../packages/core/test/support/packed.ts";
import type { Subject } from "./bench.ts";

const PEER = { name: "@google/adk", version: "2.0.0" };
const FOLDER = fileURLToPath(new URL("../.peer/", import.meta.url));

/** `@adk/core` as its users get it: built, packed and installed in a folder of its own. */
export async function ourSubject(progress: (text: string) => void): Promise<Subject> {
  progress("building and packing @adk/core");
  const folder = join(FOLDER, "ours");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const tarball = await packCore(folder);
  await install(folder, ["--omit=peer", tarball]);
  return subjectIn(folder, "@adk/core", tarball);
}

/** The peer, installed on the first use. */
export async function peerSubject(progress: (text: string) => void): Promise<Subject> {
  const { name, version } = PEER;
  const folder = join(FOLDER, `google-adk-${version}`);
  const source = `${name}@${version}`;
  if (!existsSync(join(folder, "package-lock.json"))) {
    progress(`installing ${source} into bench/.peer (once, about 160 MB)`);
    rmSync(folder, { recursive: true, force: true });
    await install(folder, [source]);
  }
  return subjectIn(folder, name, source);
}

function subjectIn(folder: string, name: string, source: string): Subject {
  const root = join(folder, "node_modules", name);
  if (!existsSync(root))
    throw new Error(`${name} was not installed into ${folder}: ${readdirSync(folder).join(" ")}.`);
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
  const door = manifest.exports["."];
  const url = pathToFileURL(join(root, door.import ?? door.default)).href;
  return { name, version: manifest.version, url, source };
}

interface Manifest {
  readonly version: string;
  readonly exports: { readonly ".": { readonly import?: string; readonly default: string } };
}
