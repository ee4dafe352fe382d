// npm test: everything a pull request must pass, fastest first, two steps at a time.
// A green step is one line; a red one shows all it said. `npm test -- lint types` runs only these steps.

import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environment, giveUp, PNPM, ROOT, setUp } from "./setup.mjs";

const { node } = setUp();

const CACHE = join(ROOT, "node_modules/.cache/adk");
const REPORT = join(CACHE, "tests.json");
const WIDTH = 2;

/** turbo starts the packages' scripts through pnpm, which only npx can find. */
const turbo = (task) => [
  "npx",
  ["-y", PNPM, "exec", "turbo", "run", task, "--concurrency=2", "--output-logs=errors-only"],
];

const steps = [
  { name: "lint", command: ["oxlint", ["--type-aware", "--deny-warnings"]] },
  { name: "format", command: ["oxfmt", ["--check", "."]] },
  { name: "versions", command: ["sherif", []] },
  { name: "workflows", command: [node, ["scripts/lint-workflows.mjs"]] },
  { name: "types", command: turbo("typecheck") },
  { name: "api", command: [node, ["packages/api-docs/src/main.ts"]] },
  { name: "build", command: turbo("build"), before: removeBuilds },
  { name: "knip", command: ["knip", []] },
  { name: "size", command: ["size-limit", []], after: "build" },
  { name: "packages", command: turbo("lint:pkg"), after: "build" },
  {
    name: "tests",
    command: [
      node,
      [
        "node_modules/vitest/vitest.mjs",
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${REPORT}`,
      ],
    ],
    alone: true,
    count: countTests,
  },
];

const only = process.argv.slice(2);
const unknown = only.filter((name) => !steps.some((step) => step.name === name));
if (unknown.length > 0) {
  giveUp(
    `There is no step ${unknown.join(", ")}: the steps are ${steps.map(({ name }) => name).join(", ")}.`,
  );
}

const children = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
    process.exit(1);
  });
}

mkdirSync(CACHE, { recursive: true });
rmSync(REPORT, { force: true });

const total = { passed: 0, failed: 0 };
const red = new Set();
await runAll(steps.filter(({ name }) => only.length === 0 || only.includes(name)));
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

/** Starts the first step that may start, while there is room; a step that is `alone` waits for all before it. */
async function runAll(waiting) {
  const running = new Map();
  const mayStart = (step, index) =>
    (step.alone ? running.size === 0 && index === 0 : running.size < WIDTH) &&
    ![...running.keys(), ...waiting.slice(0, index).map(({ name }) => name)].includes(step.after);
  while (waiting.length > 0 || running.size > 0) {
    const index = waiting.findIndex(mayStart);
    if (index >= 0) {
      const [step] = waiting.splice(index, 1);
      running.set(
        step.name,
        runStep(step).finally(() => running.delete(step.name)),
      );
    } else {
      await Promise.race(running.values());
    }
  }
}

async function runStep({ name, command, after, before, count }) {
  const started = performance.now();
  before?.();
  const { ok, output } = red.has(after)
    ? { ok: false, output: `     not run: ${after} failed` }
    : await execute(command);
  const { passed, failed, note } = count?.(ok) ?? {
    passed: Number(ok),
    failed: Number(!ok),
    note: "",
  };
  total.passed += passed;
  total.failed += failed;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(
    `${failed === 0 ? "ok  " : "FAIL"} ${name.padEnd(9)} ${seconds.padStart(6)} s${note}`,
  );
  if (failed > 0) {
    red.add(name);
    console.log(output.trimEnd());
  }
}

function execute([file, args]) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: ROOT,
      env: { ...environment(), TURBO_TELEMETRY_DISABLED: "1", NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    children.add(child);
    const output = [];
    child.stdout.on("data", (chunk) => output.push(chunk));
    child.stderr.on("data", (chunk) => output.push(chunk));
    const end = (ok, text = "") => {
      children.delete(child);
      resolve({ ok, output: Buffer.concat(output).toString() + text });
    };
    child.on("error", (error) => end(false, `${file} could not be started: ${error.message}`));
    child.on("close", (code) => end(code === 0));
  });
}

/** What an older commit built must not be packed: the compiler adds to dist/ and takes nothing away. */
function removeBuilds() {
  for (const name of readdirSync(join(ROOT, "packages"))) {
    rmSync(join(ROOT, "packages", name, "dist"), { recursive: true, force: true });
  }
}

/** Tests count one by one; a file that does not load, or a run that fails without a failed test, counts as one. */
function countTests(ok) {
  let report;
  try {
    report = JSON.parse(readFileSync(REPORT, "utf8"));
  } catch {
    return { passed: 0, failed: 1, note: "  no report was written" };
  }
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  ).length;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && (!ok || report.numPassedTests === 0) ? 1 : failed,
    note: `  ${report.numPassedTests} tests in ${report.testResults.length} files${skipped > 0 ? `, ${skipped} skipped` : ""}`,
  };
}
