// Makes a clone ready to run: dependencies from the lock file, through pnpm, through npx. Runs on Node 20 with npm only.
//
//   import { setUp } from "./setup.mjs";  const { node } = setUp();   or:   node scripts/setup.mjs

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const MODULES = join(ROOT, "node_modules");
const STAMP = join(MODULES, ".adk-setup");
const WINDOWS = process.platform === "win32";

/** `pnpm@<version>`, as package.json pins it. */
export const PNPM = createRequire(import.meta.url)("../package.json").packageManager;

/** The Node that everything here runs on: the `node` dev dependency, not the one that npm came with. */
const NODE = join(MODULES, "node", "bin", WINDOWS ? "node.exe" : "node");

/**
 * Installs what is missing, and nothing when the lock file was installed before.
 *
 * Ends the process with one sentence when it cannot.
 */
export function setUp() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) {
    giveUp(
      `Node 20 or newer is needed, and this is ${process.version}: install it from https://nodejs.org.`,
    );
  }
  const stamp = fingerprint();
  if (!isInstalled(stamp)) {
    install();
    if (!existsSync(NODE)) {
      giveUp(
        `The dependencies are installed, but the \`node\` package brought no binary for ${process.platform}-${process.arch}: run \`npx -y ${PNPM} install --frozen-lockfile --force\` and read what it says.`,
      );
    }
    writeFileSync(STAMP, stamp);
  }
  return { node: NODE };
}

/** The environment in which tools are found by name: those of the workspace, on the workspace's Node. */
export function environment() {
  const path = [join(MODULES, ".bin"), join(MODULES, "node", "bin"), process.env.PATH].join(
    delimiter,
  );
  return { ...process.env, PATH: path };
}

function isInstalled(stamp) {
  return (
    existsSync(NODE) &&
    existsSync(join(MODULES, ".modules.yaml")) &&
    existsSync(STAMP) &&
    readFileSync(STAMP, "utf8") === stamp
  );
}

function fingerprint() {
  const hash = createHash("sha256");
  for (const name of ["pnpm-lock.yaml", "pnpm-workspace.yaml"]) {
    try {
      hash.update(readFileSync(join(ROOT, name)));
    } catch {
      giveUp(`${name} is missing: restore it with \`git checkout ${name}\`.`);
    }
  }
  return hash.update(`${PNPM} ${process.platform} ${process.arch}`).digest("hex");
}

function install() {
  process.stderr.write("Installing the dependencies (only when the lock file changed) … ");
  const started = Date.now();
  const result = spawnSync(
    "npx",
    ["-y", PNPM, "install", "--frozen-lockfile", "--reporter=append-only"],
    {
      cwd: ROOT,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
      shell: WINDOWS,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        npm_config_fetch_retries: "1",
        pnpm_config_fetch_retries: "1",
        ...process.env,
        CI: "true",
      },
    },
  );
  if (result.error || result.status !== 0) {
    process.stderr.write("failed.\n");
    giveUp(reason(result));
  }
  process.stderr.write(`done in ${Math.round((Date.now() - started) / 1000)} s.\n`);
}

/** One sentence for what an install says in fifty lines. */
function reason({ error, signal, stdout, stderr }) {
  const retry = `npx -y ${PNPM} install --frozen-lockfile`;
  if (error?.code === "ENOENT") {
    return "npx was not found on the PATH: install npm, which brings it, and run this again.";
  }
  if (signal) return `Installing the dependencies was stopped by ${signal}: run this again.`;
  const output = `${stdout ?? ""}\n${stderr ?? ""}`;
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|META_FETCH|dns error|connect error|sending request/i.test(
      output,
    )
  ) {
    return `The npm registry could not be reached, and the dependencies are not installed yet: connect to the network (or set the registry of your proxy with \`npm config set registry\`) and run this again.`;
  }
  if (/OUTDATED_LOCKFILE|not up to date with/i.test(output)) {
    return `pnpm-lock.yaml does not match the package.json files: run \`npx -y ${PNPM} install\` and commit the lock file.`;
  }
  if (/ENOSPC/.test(output))
    return "The disk is full: make room for about 1 GB and run this again.";
  if (/EACCES|EPERM/.test(output)) {
    return `The dependencies cannot be written to ${MODULES}: make the folder yours and run this again.`;
  }
  return `Installing the dependencies failed: run \`${retry}\` to see why.`;
}

/** Says in one sentence what is missing, and leaves. */
export function giveUp(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) setUp();
