import { run } from "./run.ts";

/** A program as it is started: what stands before its arguments, and its environment. */
export interface Binary {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** What a program says of its version. */
export function versionOf({ command, env }: Binary): string {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  return run("env", [...settings, ...command, "--version"]);
}
