import { AdkError } from "@adk/core";
import { parseArgs } from "node:util";
import { LINES } from "./lines.ts";
import type { Line } from "./lines/line.ts";
import { STORES, type StoreName } from "./stores/address.ts";

/** What the command line asks for. */
export interface Options {
  readonly isHelp: boolean;
  readonly runs: readonly { readonly line: Line; readonly store: StoreName }[];
  readonly seed: number;
  readonly seconds: number;
}

const width = Math.max(...LINES.map(({ name }) => name.length));

export const HELP: string = [
  "npm run chaos -- [--line NAME] [--store NAME] [--seed N] [--seconds N]",
  "",
  "  --line NAME     only this line; may be repeated",
  `  --store NAME    only this store: ${STORES.join(", ")}`,
  "  --seed N        which operations are made and where faults fall (1)",
  "  --seconds N     how long each line writes at the least, 10 to 3600 (10)",
  "",
  "Lines:",
  ...LINES.map(
    ({ name, stores, fault, must }) =>
      `  ${name.padEnd(width)}  ${stores.join(", ")}: ${fault}. Must be: ${must}.`,
  ),
].join("\n");

/** @throws {@link AdkError} `INVALID_ARGUMENT` for what is not in {@link HELP}. */
export function readOptions(args: readonly string[]): Options {
  const values = parsed(args);
  const lines = values.line?.map(lineNamed) ?? LINES;
  const store = values.store === undefined ? undefined : storeNamed(values.store);
  const runs = lines.flatMap((line) =>
    line.stores
      .filter((name) => store === undefined || name === store)
      .map((name) => ({ line, store: name })),
  );
  if (runs.length === 0)
    throw invalid(
      `No line of these runs on ${store}: ${lines.map(({ name, stores }) => `${name} runs on ${stores.join(", ")}`).join("; ")}.`,
    );
  return {
    isHelp: values.help ?? false,
    runs,
    seed: wholeNumber("seed", values.seed ?? "1", 0, 4_294_967_295),
    seconds: wholeNumber("seconds", values.seconds ?? "10", 10, 3_600),
  };
}

interface Values {
  readonly help?: boolean | undefined;
  readonly line?: string[] | undefined;
  readonly store?: string | undefined;
  readonly seed?: string | undefined;
  readonly seconds?: string | undefined;
}

function parsed(args: readonly string[]): Values {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h" },
        line: { type: "string", multiple: true },
        store: { type: "string" },
        seed: { type: "string" },
        seconds: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw invalid(`${error instanceof Error ? error.message : String(error)} See --help.`);
  }
}

function lineNamed(name: string): Line {
  const line = LINES.find((each) => each.name === name);
  if (line) return line;
  throw invalid(
    `There is no line ${JSON.stringify(name)}. The lines are: ${LINES.map((each) => each.name).join(", ")}.`,
  );
}

function storeNamed(name: string): StoreName {
  const store = STORES.find((each) => each === name);
  if (store) return store;
  throw invalid(`There is no store ${JSON.stringify(name)}. The stores are: ${STORES.join(", ")}.`);
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  throw invalid(`--${option} must be a whole number from ${least} to ${most}, got ${text}.`);
}

function invalid(message: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", message);
}
