import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install } from "../../../packages/core/test/support/packed.ts";
import type { Group } from "../bench.ts";
import { median, short } from "../numbers.ts";

interface Installed {
  readonly packages: number;
  readonly megabytes: number;
  readonly seconds: number;
}

/** A clean folder, npm, and what stands in `node_modules` afterwards. npm's own cache is warm. */
export const clean: Group = {
  name: "install",
  async measure({ ours, peer, repetitions, progress }) {
    const wanted = {
      alone: ["--omit=peer", ours.source],
      withPeer: [ours.source, "@google/genai@3.1.0"],
      peer: [peer.source],
    };
    const results = {
      alone: [] as Installed[],
      withPeer: [] as Installed[],
      peer: [] as Installed[],
    };
    for (let round = 1; round <= repetitions; round++) {
      progress(`install, ${round} of ${repetitions}`);
      for (const who of ["alone", "withPeer", "peer"] as const)
        results[who].push(await installed(wanted[who]));
    }
    const row = (name: string, who: "alone" | "withPeer") => ({
      name,
      must: false,
      ours: say(results[who]),
      peer: say(results.peer),
      ratio: median(results.peer.map(seconds)) / median(results[who].map(seconds)),
    });
    return [
      row("clean install without @google/genai", "alone"),
      row("clean install with @google/genai", "withPeer"),
    ];
  },
};

const seconds = (one: Installed): number => one.seconds;

function say(results: readonly Installed[]): string {
  const { packages, megabytes } = results[0]!;
  return `${packages} packages, ${short(megabytes)} MB, ${short(median(results.map(seconds)))} s`;
}

async function installed(packages: readonly string[]): Promise<Installed> {
  const folder = mkdtempSync(join(tmpdir(), "adk-bench-"));
  try {
    const started = performance.now();
    await install(folder, packages);
    const took = (performance.now() - started) / 1_000;
    const lock = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as {
      packages: Record<string, { peer?: boolean }>;
    };
    const modules = join(folder, "node_modules");
    const present = Object.keys(lock.packages).filter(
      (path) => path !== "" && exists(join(folder, path)),
    );
    return { packages: present.length, megabytes: bytesBelow(modules) / 1_000_000, seconds: took };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  return bytes;
}
