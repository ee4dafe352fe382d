import { spawn } from "node:child_process";
import { constants } from "node:os";
import { environment, giveUp, ROOT, setUp } from "./setup.mjs";

/** Runs a TypeScript file of this repository on the workspace's Node, from its sources, and ends as it ended. */
export function runNode(file, { flags = [], args = process.argv.slice(2) } = {}) {
  const { node } = setUp();
  const child = spawn(node, [...flags, "--conditions=@adk/source", file, ...args], {
    cwd: ROOT,
    env: environment(),
    stdio: "inherit",
  });
  forwardSignals(child);
  child.on("error", (error) => giveUp(`${file} could not be started (${error.message}).`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

/**
 * Every signal reaches the child once. A terminal's Ctrl-C goes to the whole process group, so the child has it
 * already, and this process only has to outlive it; elsewhere it is passed on, and npm's own echo of it is not.
 */
function forwardSignals(child) {
  const inTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  let last = -Infinity;
  process.on("SIGINT", () => {
    const echo = performance.now() - last < 20;
    last = performance.now();
    if (!inTerminal && !echo) child.kill("SIGINT");
  });
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  process.on("SIGHUP", () => child.kill("SIGHUP"));
}
