import { spawnSync } from "node:child_process";

/** What a program printed. @throws Error with the last line that it said, when it does not end with 0. */
export function run(file: string, words: readonly string[], cwd?: string): string {
  const { status, stdout, stderr, error } = spawnSync(file, words, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  const said = error?.message ?? stderr.trim().split("\n").at(-1);
  throw new Error(`${file} ${words[0] ?? ""}: ${said ?? "failed"}`);
}
