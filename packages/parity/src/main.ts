/** Runs recorded scenarios and prints a line for each that fails; `HELP` says how. */
import { AdkError } from "@adk/core";
import type { Difference } from "./compare.ts";
import type { Json } from "./json.ts";
import { load } from "./load.ts";
import { run } from "./run.ts";
import { SERVICES, serviceMaker } from "./services.ts";

const HELP = `npm run parity -- [WORD …]

Does what google-adk for Python was recorded doing, and compares: a line for each scenario that differs.
Words choose scenarios whose names contain one of them; without words, all.

  --help                this text
  ADK_PARITY_SERVICE    in the environment: the session service, one of ${SERVICES.join(", ")} (default: memory)
  ADK_PARITY_DIR        in the environment: a folder of scenarios (default: this package's)

Exits with 1 when there is a difference, with 2 when an argument or a variable is wrong.`;

try {
  process.exit((await main(process.argv.slice(2))) ? 0 : 1);
} catch (error) {
  if (!AdkError.isInstance(error)) throw error;
  console.error(error.message);
  process.exit(2);
}

/** @returns whether all is well. */
async function main(args: string[]): Promise<boolean> {
  if (args.includes("--help")) {
    console.log(HELP);
    return true;
  }
  const option = args.find((arg) => arg.startsWith("-"));
  if (option !== undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `There is no option ${option}. \`--help\` says what there is.`,
    );
  return await compareAll(args);
}

/** @returns whether every scenario passes. */
async function compareAll(filters: readonly string[]): Promise<boolean> {
  const service = process.env["ADK_PARITY_SERVICE"] || "memory";
  const make = serviceMaker(service);
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
  console.log(`parity: ${passed} of ${cases.length} on ${service}`);
  return passed === cases.length;
}

function describe(name: string, { path, expected, found }: Difference): string {
  return `${name}: ${path}: expected ${short(expected)}, found ${short(found)}`;
}

function short(value: Json | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 299)}…` : text;
}
