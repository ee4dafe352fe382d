// npm test: everything a pull request must pass, fastest first, two steps at a time.
// A green step is one line; a red one shows all it said. `npm test -- lint types` runs only these steps.

import { spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { environment, giveUp, ROOT, setUp } from "./setup.mjs";
import { REPORT, STEPS } from "./steps.mjs";

setUp();

const WIDTH = 2;

const only = process.argv.slice(2);
const unknown = only.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  giveUp(
    `There is no step ${unknown.join(", ")}: the steps are ${STEPS.map(({ name }) => name).join(", ")}.`,
  );
}

const children = new Set();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    for (const child of children) child.kill(signal);
    process.exit(1);
  });
}

mkdirSync(dirname(REPORT), { recursive: true });
rmSync(REPORT, { force: true });

const total = { passed: 0, failed: 0 };
const red = new Set();
await runAll(STEPS.filter(({ name }) => only.length === 0 || only.includes(name)));
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
