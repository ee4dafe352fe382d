// npm run size, and a step of npm test: what a door costs, minified and gzipped, is within its budget of .size-limit.json, and
// the budget is at most twice of that: one that is far away says nothing.
import { spawnSync } from "node:child_process";
import { environment, ROOT, setUp } from "./setup.mjs";

setUp();
const { stdout, stderr } = spawnSync("size-limit", ["--json"], {
  cwd: ROOT,
  env: environment(),
  encoding: "utf8",
  shell: process.platform === "win32",
});
let doors = [];
try {
  doors = JSON.parse(stdout);
} catch {
  process.stdout.write(`${stdout}${stderr}`);
}
for (const { name, size, sizeLimit } of doors) {
  const isRight = size <= sizeLimit && sizeLimit <= 2 * size;
  const why = size > sizeLimit ? "over its budget" : "its budget is more than twice that";
  const word = isRight ? "ok  " : "FAIL";
  const kilobytes = `${(size / 1_000).toFixed(1)} of ${sizeLimit / 1_000} kB`;
  process.stdout.write(`${word} ${name}: ${kilobytes}${isRight ? "" : `, ${why}`}\n`);
  if (!isRight) process.exitCode = 1;
}
if (doors.length === 0) process.exitCode = 1;
