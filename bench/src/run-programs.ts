// Runs every program of test/programs with one of the two packages behind `@google/adk`, and sends what each printed to
// the parent process. Started by programs.ts: fork("run-programs.ts", [specifier of the package]).
import { registerHooks } from "node:module";
import { PROGRAMS, programNames } from "./programs.ts";

const [target = "@adk/core"] = process.argv.slice(2);

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === "@google/adk" ? target : specifier, context),
});

const printed: Record<string, string> = {};
for (const name of programNames()) {
  const lines: string[] = [];
  console.log = (...words: unknown[]): void => void lines.push(words.map(String).join(" "));
  try {
    await import(new URL(`${name}.ts`, PROGRAMS).href);
  } catch (error) {
    lines.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  printed[name] = lines.map((line) => `${line}\n`).join("");
}
// Nothing a program left behind keeps the process: it ends by itself.
process.send?.(printed, () => process.disconnect());
