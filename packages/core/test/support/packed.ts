import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../../../..", import.meta.url));
const CORE = join(ROOT, "packages/core");
const CACHE = join(ROOT, "node_modules/.cache/adk");

const { packageManager } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  packageManager: string;
};

/** Builds core afresh and packs it, as a release does. */
export async function packCore(destination: string): Promise<string> {
  rmSync(join(CORE, "dist"), { recursive: true, force: true });
  const tsc = join(ROOT, "node_modules/typescript/bin/tsc");
  await run(process.execPath, [tsc, "-p", "tsconfig.build.json"], CORE);
  const { filename } = JSON.parse(
    await run(
      "npx",
      ["-y", packageManager, "pack", "--json", "--pack-destination", destination],
      CORE,
    ),
  ) as { filename: string };
  return join(destination, filename.split("/").at(-1)!);
}

/** A clean folder in which `packages` are installed from the registry or from tarballs. */
export async function install(folder: string, packages: readonly string[]): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  await run("npm", ["install", ...flags, ...packages], folder);
  return folder;
}

/** The path of a Node of this version, from the registry; kept for the next run. */
export async function nodeOf(version: string): Promise<string> {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(CACHE, `node-${version}`);
  const binary = join(
    folder,
    "node_modules",
    name,
    "bin",
    platform === "win" ? "node.exe" : "node",
  );
  if (!existsSync(binary)) {
    rmSync(folder, { recursive: true, force: true });
    await install(folder, [`${name}@${version}`]);
  }
  return binary;
}

/** What a program prints; it must end with 0. */
export function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  const path = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
  const env = { ...process.env, PATH: path, NODE_OPTIONS: "" };
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      { cwd, env, maxBuffer: 1 << 24, timeout: 120_000, shell: process.platform === "win32" },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${file} ${args.join(" ")} failed in ${cwd}:\n${stdout}${stderr}`));
      },
    );
    child.stdin?.end();
  });
}
