/**
 * Runs the scenarios of `ADK_PARITY_DIR` (default: this package's) on the service of `ADK_PARITY_SERVICE` (default:
 * `memory`); arguments choose those whose names contain one of them. Prints a line for each that fails.
 */
import { AdkError } from "@adk/core";
import type { Difference } from "./compare.ts";
import type { Json } from "./json.ts";
import { load } from "./load.ts";
import { run } from "./run.ts";
import { serviceMaker } from "./services.ts";

try {
  process.exit((await main(process.argv.slice(2))) ? 0 : 1);
} catch (error) {
  if (!AdkError.isInstance(error)) throw error;
  console.error(error.message);
  process.exit(2);
}

/** @returns whether every scenario passes. */
async function main(filters: string[]): Promise<boolean> {
  const make = serviceMaker(process.env["ADK_PARITY_SERVICE"] || "memory");
  const cases = load(process.env["ADK_PARITY_DIR"] || undefined).filter(
    ({ name }) => filters.length === 0 || filters.some((filter) => name.includes(filter)),
  );
  if (cases.length === 0)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `No scenario's name contains ${filters.join(" or ")}. Run without arguments for all.`,
    );
  let passed = 0;
  for (const parityCase of cases) {
    const difference = await run(parityCase, make);
    if (difference) console.log(describe(parityCase.name, difference));
    else passed++;
  }
  console.log(`parity: ${passed} of ${cases.length}`);
  return passed === cases.length;
}

function describe(name: string, { path, expected, found }: Difference): string {
  return `${name}: ${path}: expected ${short(expected)}, found ${short(found)}`;
}

function short(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
