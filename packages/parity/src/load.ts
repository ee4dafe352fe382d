import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AdkError } from "@adk/core";
import type { JsonObject } from "./json.ts";
import type { Scenario } from "./scenario.ts";

/** A scenario and what it must come to. */
export interface ParityCase {
  name: string;
  scenario: Scenario;
  /** A golden, or an expectation. */
  expectation: JsonObject;
  /** An expectation: only what it has is compared. */
  partial: boolean;
}

/** This package's own scenarios. */
export const OWN_SCENARIOS: string = join(import.meta.dirname, "..", "scenarios");

/** The scenarios of a folder, by name. @throws AdkError `INVALID_ARGUMENT` when there are none or one is incomplete. */
export function load(folder: string = OWN_SCENARIOS): ParityCase[] {
  const files = new Set(listFolder(folder));
  const names = [...files]
    .filter((file) => file.endsWith(".json") && !/\.(golden|expected)\.json$/.test(file))
    .map((file) => file.slice(0, -".json".length))
    .toSorted();
  if (names.length === 0)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `There is no scenario in ${folder}. Set ADK_PARITY_DIR to a folder with NAME.json files, or unset it.`,
    );
  return names.map((name) => {
    const partial = !files.has(`${name}.golden.json`);
    const beside = `${name}.${partial ? "expected" : "golden"}.json`;
    if (!files.has(beside))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Beside ${name}.json there is neither ${name}.golden.json nor ${name}.expected.json. Add one of them.`,
      );
    return {
      name,
      scenario: readJson(join(folder, `${name}.json`)) as Scenario,
      expectation: readJson(join(folder, beside)) as JsonObject,
      partial,
    };
  });
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (cause) {
    throw new AdkError(
      "INVALID_ARGUMENT",
      `The folder of scenarios ${folder} cannot be read. Set ADK_PARITY_DIR to one that exists, or unset it.`,
      { cause },
    );
  }
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new AdkError("INVALID_ARGUMENT", `${file} is not JSON. Correct it.`, { cause });
  }
}
