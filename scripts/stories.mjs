// npm run stories: runs every app that checks itself (`story` among the keywords of its package.json), a line each.
// `npm run stories -- two-workers` runs only those that are named.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { environment, giveUp, ROOT, setUp } from "./setup.mjs";

const { node } = setUp();

const APPS = join(ROOT, "apps");
const stories = readdirSync(APPS).filter((name) => {
  const file = join(APPS, name, "package.json");
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).keywords?.includes("story");
});
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !stories.includes(name));
if (unknown.length > 0)
  giveUp(`There is no story ${unknown.join(", ")}: the stories are ${stories.join(", ")}.`);

// The stories start many processes; what one of them compiled, the others need not.
const cache = join(ROOT, "node_modules/.cache/adk/compiled");
const env = { ...environment(), NODE_COMPILE_CACHE: cache, NO_COLOR: "1" };
const total = { passed: 0, failed: 0, notRun: 0 };
for (const name of asked.length > 0 ? asked : stories) tell(name);
const rest = total.notRun > 0 ? `, ${total.notRun} not run` : "";
print(`${total.passed} passed, ${total.failed} failed${rest}`);
process.exitCode = total.failed === 0 ? 0 : 1;

function tell(name) {
  const since = performance.now();
  const words = ["--conditions=@adk/source", `apps/${name}/main.ts`];
  const { status, stdout, stderr, signal } = spawnSync(node, words, {
    cwd: ROOT,
    env,
    encoding: "utf8",
  });
  const seconds = ((performance.now() - since) / 1_000).toFixed(1);
  const isOk = status === 0;
  total[isOk ? "passed" : "failed"]++;
  const last = stdout.trimEnd().split("\n").at(-1);
  print(`${isOk ? "ok  " : "FAIL"} ${name.padEnd(16)} ${seconds.padStart(6)} s  ${last}`);
  // A story may leave out what cannot be had here; that it did so is said, and counted.
  const missing = new Set(isOk ? `${stdout}\n${stderr}`.match(/^not run: .*$/gm) : []);
  for (const line of missing) print(`     ${line}`);
  total.notRun += missing.size;
  if (!isOk) print(`${stdout}${stderr}${signal === null ? "" : `ended by ${signal}`}`.trimEnd());
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
