// npm run release:dry: what a release would do, on a copy of the repository: versions, builds, checks and packs, then
// installs each package alone and runs its README's example. Arguments are folders of packages; none means all.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { choosePackages } from "./release/choose-packages.mjs";
import { copyRepository } from "./release/copy-repository.mjs";
import { NEWEST, nodeOf, OLDEST } from "./release/node-of.mjs";
import { openPlace } from "./release/places.mjs";
import { publicPackages, readManifest } from "./release/public-packages.mjs";
import { runProgram } from "./release/run-program.mjs";
import { tryPackage } from "./release/try-package.mjs";
import { PNPM, ROOT } from "./setup.mjs";

const NODES = [OLDEST, readManifest(ROOT).devDependencies.node, NEWEST];
const chosen = choosePackages(`npm run release:dry -- [PACKAGE …]

What a release would do, on a copy of the repository: versions, builds, checks and packs, then installs each package alone,
with npm and pnpm, with the oldest and the newest drivers, and runs its README's example. Exits with 1 when something fails.`);

const startedAt = performance.now();
const scratch = mkdtempSync(join(tmpdir(), "adk-release-"));
let failed = 0;
try {
  const root = join(scratch, "repository");
  step("copy", () => copyRepository(root));
  step("install", () => pnpm(root, ["install", "--frozen-lockfile", "--prefer-offline"]));
  step("version", () => version(root));
  const filters = ["core", ...chosen].map((name) => `--filter=@adk/${name}`);
  const build = ["exec", "turbo", "run", "build", "lint:pkg", "--output-logs=errors-only"];
  step("build and check", () => pnpm(root, [...build, ...filters]));
  const nodes = findNodes();
  for (const folder of chosen) await tryAll(root, folder, nodes);
} catch (error) {
  failed++;
  print(`FAIL ${error.message}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
print(`${secondsSince(startedAt)} s; ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Turns the changesets into versions and changelogs. The changelog of GitHub asks GitHub: here it is the plain one. */
function version(root) {
  const file = join(root, ".changeset/config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...config, changelog: "@changesets/cli/changelog" }));
  const before = publicPackages(root);
  pnpm(root, ["exec", "changeset", "version"]);
  const after = publicPackages(root);
  for (const [index, { manifest }] of after.entries()) {
    const { version: old } = before[index].manifest;
    const became = old === manifest.version ? "stays" : `was ${old}`;
    print(`     ${manifest.name} ${manifest.version} (${became})`);
  }
}

/** One that the registry does not have is named, and nothing is said about it; in CI it fails. */
function findNodes() {
  const found = NODES.map((name) => ({ name, file: nodeOf(name) }));
  for (const { name, file } of found) {
    if (file !== undefined) continue;
    print(`not run: Node ${name} could not be had from the registry`);
    if (process.env.CI) failed++;
  }
  return found.filter(({ file }) => file !== undefined);
}

async function tryAll(root, folder, nodes) {
  const place = await openPlace(folder);
  const files = nodes.map(({ file }) => file);
  try {
    for (const client of ["npm", "pnpm"])
      for (const age of ["oldest", "newest"]) {
        const name = `${folder} by ${client}, ${age} drivers`;
        try {
          const tried = tryPackage({ root, folder, scratch, client, age, nodes: files, place });
          print(`ok   ${name.padEnd(46)} ${describe(tried)}`);
        } catch (error) {
          failed++;
          print(`FAIL ${name}\n${error.message}`);
        }
      }
  } finally {
    await place[Symbol.asyncDispose]();
  }
  print(`     on Node ${nodes.map(({ name }) => name).join(", ")}`);
}

function describe({ drivers, packages, bytes, seconds }) {
  const size = `${String(packages).padStart(4)} packages ${(bytes / 1e6).toFixed(1).padStart(6)} MB`;
  const names = Object.entries(drivers).map(([name, range]) => `${name}@${range}`);
  return `${size} ${seconds.toFixed(1).padStart(6)} s  ${names.join(", ")}`;
}

function step(name, act) {
  const since = performance.now();
  act();
  print(`ok   ${name.padEnd(46)} ${secondsSince(since)} s`);
}

/** In the copy, with the copy's tools. */
function pnpm(root, words) {
  const path = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);
  const env = { ...process.env, PATH: path, TURBO_TELEMETRY_DISABLED: "1", CI: "true" };
  return runProgram("npx", ["-y", PNPM, ...words], { cwd: root, env });
}

function secondsSince(since) {
  return ((performance.now() - since) / 1_000).toFixed(1);
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
