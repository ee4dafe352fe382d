import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/** @returns what the program wrote to its output; it must end with 0. */
export function runProgram(file, words, { cwd, env = process.env }) {
  const { status, stdout, stderr, error } = spawnSync(file, words, {
    cwd,
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  const said = `${error?.message ?? ""}${stdout}${stderr}`;
  assert.equal(status, 0, `${file} ${words.join(" ")} failed in ${cwd}:\n${said}`);
  return stdout;
}
