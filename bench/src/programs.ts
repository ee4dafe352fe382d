import { fork } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Programs written for `@google/adk`: one is ported by changing the import. Beside each stands what it prints there. */
export const PROGRAMS: URL = new URL("../test/programs/", import.meta.url);

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
    const child = fork(script, [specifier], { execArgv: [...execArgv], silent: true });
    let said = "";
    child.stderr?.on("data", (chunk) => (said += String(chunk)));
    child.on("message", (printed) => resolve(printed as Record<string, string>));
    child.on("error", reject);
    child.on("exit", (code) =>
      reject(new Error(`The programs ended with ${code} and without a word.\n${said}`)),
    );
  });
}
