import { spawn } from "node:child_process";
import { constants } from "node:os";
import { environment, giveUp, ROOT, setUp } from "./setup.mjs";

const inTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);

/** Runs a TypeScript file of this repository on the workspace's Node, from its sources, and ends as it ended. */
export function runNode(file, { flags = [], args = process.argv.slice(2) } = {}) {
  const { node } = setUp();
  const child = spawn(node, [...flags, "--conditions=@adk/source", file, ...args], {
    cwd: ROOT,
    env: environment(),
    stdio: "inherit",
    detached: !inTerminal,
  });
  forwardSignals(child);
  child.on("error", (error) => giveUp(`${file} could not be started (${error.message}).`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal];
  });
}

/**
 * Every signal reaches the child once. A terminal's Ctrl-C goes to the whole process group: the child has it already,
 * and this process only has to outlive it. Elsewhere the child stands in a group of its own and gets what is passed
 * on: once, although npm repeats what the group was sent.
 */
function forwardSignals(child) {
  const last = {};
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      const isEcho = performance.now() - last[signal] < 50;
      last[signal] = performance.now();
      if (!isEcho && !(inTerminal && signal === "SIGINT")) child.kill(signal);
    });
  }
}
