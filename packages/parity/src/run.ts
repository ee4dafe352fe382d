import { AdkError } from "@adk/core";
import { compare, type CompareOptions, type Difference } from "./compare.ts";
import { drive } from "./drive.ts";
import type { JsonObject } from "./json.ts";
import type { ParityCase } from "./load.ts";
import { neutral } from "./neutral.ts";
import type { Scenario } from "./scenario.ts";
import type { ServiceMaker } from "./services.ts";

/** A scenario that takes longer hangs. */
const LIMIT_MS = 30_000;

export function compareOptions({ scenario, partial }: ParityCase): CompareOptions {
  return {
    partial,
    unordered: scenario.unordered ?? false,
    anyHooksOrder: scenario.hooksOrder === "any",
  };
}

/** What a scenario comes to, on services of its own. */
export async function outcomeOf(scenario: Scenario, make: ServiceMaker): Promise<JsonObject> {
  await using services = await make();
  const outcome = await withinLimit(drive(scenario, services));
  return neutral(outcome, { unordered: scenario.unordered ?? false });
}

/** Runs a scenario. @returns the first difference, or nothing when it comes to what it must. */
export async function run(
  parityCase: ParityCase,
  make: ServiceMaker,
): Promise<Difference | undefined> {
  let outcome: JsonObject;
  try {
    outcome = await outcomeOf(parityCase.scenario, make);
  } catch (error) {
    const found = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return { path: "(app)", expected: "an app that runs", found };
  }
  return compare(parityCase.expectation, outcome, compareOptions(parityCase));
}

async function withinLimit<T>(work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () =>
      reject(
        new AdkError("TIMEOUT", `It did not end within ${LIMIT_MS / 1000} s. Something hangs.`),
      ),
    LIMIT_MS,
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
