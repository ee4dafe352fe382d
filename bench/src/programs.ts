import { fork } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Programs written for `@google/adk`: one is ported by changing the import. Beside each stands what it prints there. */
export const PROGRAMS: URL = new URL("../test/programs/", import.meta.url);

/** For all programs together, and for their process to end by itself. */
const TIMEOUT_MS = 25_000;

export function programNames(): string[] {
  return readdirSync(PROGRAMS)
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.slice(0, -".ts".length))
    .toSorted();
}

/** What a program prints with `@google/adk`. */
export function expectedOf(name: string): string {
  return readFileSync(new URL(`${name}.expected.txt`, PROGRAMS), "utf8");
}

export function recordExpected(name: string, printed: string): void {
  writeFileSync(new URL(`${name}.expected.txt`, PROGRAMS), printed);
}

/**
 * What each program prints with the package that `specifier` names in place of `@google/adk`.
 *
 * @param execArgv flags of the child's Node, for instance the condition that finds our sources
 */
export function runPrograms(
  specifier: string,
  execArgv: readonly string[] = [],
): Promise<Record<string, string>> {
  const script = fileURLToPath(new URL("run-programs.ts", import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(script, [specifier], {
      execArgv: [...execArgv],
      silent: true,
      timeout: TIMEOUT_MS,
    });
    let printed: Record<string, string> | undefined;
    let said = "";
    child.stderr?.on("data", (chunk) => (said += String(chunk)));
    child.on("message", (message) => (printed = message as Record<string, string>));
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0 && printed) resolve(printed);
      else if (signal && printed)
        reject(new Error(`A program keeps its process from ending after ${TIMEOUT_MS} ms.`));
      else reject(new Error(`The programs ended with ${code ?? signal}.\n${said}`));
    });
  });
}
