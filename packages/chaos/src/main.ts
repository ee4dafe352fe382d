/** Disturbs the stores under load and checks what they acknowledged. `--help` says how. */
import { AdkError } from "@adk/core";
import { CannotMountError } from "@adk/test-services";
import { now } from "./history/now.ts";
import { HELP, readOptions } from "./options.ts";
import { reportLines } from "./report.ts";
import { runLine } from "./run-line.ts";

try {
  process.exit((await main(process.argv.slice(2))) ? 0 : 1);
} catch (error) {
  if (!AdkError.isInstance(error, "INVALID_ARGUMENT")) throw error;
  console.error(error.message);
  process.exit(2);
}

/** @returns whether all was as it must be. */
async function main(args: readonly string[]): Promise<boolean> {
  const { isHelp, runs, seed, seconds } = readOptions(args);
  if (isHelp) {
    console.log(HELP);
    return true;
  }
  const start = now();
  let wrong = 0;
  let notRun = 0;
  for (const { line, store } of runs) {
    const isRight = await runLine(line, { store, seed, seconds }).then(
      (report) => {
        for (const text of reportLines(report)) console.log(text);
        return report.problems.length === 0;
      },
      (error: unknown) => {
        if (error instanceof CannotMountError) {
          console.log(`${line.name} ${store}: not run: ${error.message}`);
          notRun++;
          return true;
        }
        console.log(`${line.name} ${store}: seed ${seed}; it could not be run; WRONG`);
        console.log(`  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
        return false;
      },
    );
    if (!isRight) wrong++;
  }
  const minutes = ((now() - start) / 60_000).toFixed(1);
  const right = runs.length - wrong - notRun;
  const rest = notRun > 0 ? `, ${notRun} not run` : "";
  console.log(`chaos: ${right} of ${runs.length} lines in ${minutes} min${rest}`);
  return wrong === 0;
}
