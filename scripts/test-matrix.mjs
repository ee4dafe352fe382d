// npm run test:matrix: sessions and S3 on every server and on the oldest Node that they are made for, a line a server.
// `npm run test:matrix -- postgres redis` runs only the rows whose name has one of these words.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { nodeOf } from "./release/node-of.mjs";
import { environment, giveUp, ROOT, setUp } from "./setup.mjs";

const { node } = setUp();

const CACHE = join(ROOT, "node_modules/.cache/adk");
const REPORT = join(CACHE, "matrix.json");
const OLDEST = "22.18.0";

/** The tests of one package in one process. `isMatrix`: with all servers, else on the one that every run has. */
const rows = [
  ["sqlite", "@adk/sessions-sqlite"],
  ["postgres", "@adk/sessions-postgres"],
  ["redis", "@adk/sessions-redis"],
  ["s3", "@adk/artifacts-s3"],
].flatMap(([store, name]) => [
  { name: `${store} on Node ${versionOf(node)}`, package: name, isMatrix: true },
  { name: `${store} on Node ${OLDEST}`, package: name, isOldest: true },
]);
rows.unshift({ name: "servers", package: "@adk/test-services", isMatrix: true });

const words = process.argv.slice(2);
const chosen = rows.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
if (chosen.length === 0)
  giveUp(
    `No row has ${words.join(" or ")}: the rows are ${rows.map(({ name }) => name).join(", ")}.`,
  );

let child;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
  process.on(signal, () => {
    child?.kill(signal);
    process.exit(1);
  });

mkdirSync(CACHE, { recursive: true });
const started = performance.now();
const total = { passed: 0, failed: 0 };
for (const row of chosen) await runRow(row);
console.log(`${secondsSince(started)} s`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

async function runRow(row) {
  const begun = performance.now();
  rmSync(REPORT, { force: true });
  const { ok, output } = await execute(row);
  const lines = linesOf(row);
  console.log(`${row.name}: ${secondsSince(begun)} s`);
  for (const missing of new Set(output.match(/^not run: .*$/gm))) console.log(`     ${missing}`);
  for (const { name, passed, failed, skipped, messages } of lines) {
    total.passed += passed;
    total.failed += failed;
    const word = failed > 0 ? "FAIL" : passed > 0 ? "ok  " : "--  ";
    const notRun = skipped > 0 ? `, ${skipped} not run` : "";
    console.log(`${word} ${name.padEnd(40)} ${String(passed).padStart(5)} passed${notRun}`);
    for (const message of messages) console.log(message.replaceAll(/^/gm, "     "));
  }
  if (lines.length === 0 || (!ok && lines.every(({ failed }) => failed === 0))) {
    total.failed++;
    console.log(
      `FAIL ${row.name}: the run ended without a report of what failed\n${output.trimEnd()}`,
    );
  }
}

function execute({ package: name, isMatrix, isOldest }) {
  const env = environment();
  // A given server would stand for all versions.
  for (const key of ["POSTGRES_URL", "REDIS_URL", "S3_URL", "MATRIX"])
    delete env[`ADK_TEST_${key}`];
  const file = isOldest ? oldestNode() : node;
  // Node 22 warns of `node:sqlite` and of running TypeScript; tests look at what a process says.
  const quiet = "--disable-warning=ExperimentalWarning";
  const lowering = `--import=${pathToFileURL(join(ROOT, "scripts/lower-using.mjs")).href}`;
  const options = isOldest ? { NODE_OPTIONS: `${quiet} ${lowering}` } : {};
  const projects = [name, `${name}:integration`].flatMap((project) => ["--project", project]);
  const reporters = ["--reporter=json", `--outputFile.json=${REPORT}`];
  return new Promise((resolve) => {
    child = spawn(file, ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...projects], {
      cwd: ROOT,
      env: { ...env, ...options, ...(isMatrix && { ADK_TEST_MATRIX: "1" }), NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const pieces = [];
    child.stdout.on("data", (piece) => pieces.push(piece));
    child.stderr.on("data", (piece) => pieces.push(piece));
    const end = (ok, text = "") => resolve({ ok, output: Buffer.concat(pieces).toString() + text });
    child.on("error", (error) => end(false, `${file} could not be started: ${error.message}`));
    child.on("close", (code) => end(code === 0));
  });
}

/** What a `describe` says that begins with a server and its version has a line; the rest of the package has one. */
function linesOf({ name }) {
  if (!existsSync(REPORT)) return [];
  const lines = new Map();
  const lineOf = (key) => {
    if (!lines.has(key))
      lines.set(key, { name: key, passed: 0, failed: 0, skipped: 0, messages: [] });
    return lines.get(key);
  };
  for (const file of JSON.parse(readFileSync(REPORT, "utf8")).testResults) {
    for (const test of file.assertionResults) {
      const server = test.ancestorTitles.find((title) =>
        /^(PostgreSQL|PgBouncer|Redis|Valkey|SeaweedFS|moto|Ceph|rclone) \d/.test(title),
      );
      const line = lineOf(server ?? name);
      if (test.status === "passed") line.passed++;
      else if (test.status === "failed") {
        line.failed++;
        line.messages.push(`${test.fullName}\n${test.failureMessages.join("\n")}`);
      } else line.skipped++;
    }
    if (
      file.status === "failed" &&
      file.assertionResults.every(({ status }) => status !== "failed")
    ) {
      const line = lineOf(name);
      line.failed++;
      line.messages.push(`${file.name}\n${file.message}`);
    }
  }
  return [...lines.values()];
}

function oldestNode() {
  const file = nodeOf(OLDEST);
  if (file === undefined) giveUp(`Node ${OLDEST} could not be fetched from the registry.`);
  return file;
}

function versionOf(file) {
  return spawnSync(file, ["--version"], { encoding: "utf8" }).stdout.trim().slice(1);
}

function secondsSince(from) {
  return ((performance.now() - from) / 1000).toFixed(1);
}
