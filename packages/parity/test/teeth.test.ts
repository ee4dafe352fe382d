import { beforeAll, describe, expect, it } from "vitest";
import { compare, type CompareOptions } from "../src/compare.ts";
import type { JsonObject } from "../src/json.ts";
import { load } from "../src/load.ts";
import { numberIds } from "../src/number-ids.ts";
import { compareOptions, outcomeOf } from "../src/run.ts";
import { serviceMaker } from "../src/services.ts";
import { expand, mutate, mutations, type Mutation } from "./mutate.ts";

/** An outcome that fits, and a mutation that must not. */
interface Bite {
  name: string;
  expectation: JsonObject;
  options: CompareOptions;
  outcome: JsonObject;
  mutation: Mutation;
}

const PLACES = 200;
const SEED = 20_260_731;

describe("the comparer", () => {
  const bites: Bite[] = [];

  beforeAll(async () => {
    const make = serviceMaker("memory");
    for (const parityCase of load()) {
      const { name, scenario, expectation, partial } = parityCase;
      const options = compareOptions(parityCase);
      const real = await outcomeOf(scenario, make).catch((): JsonObject => ({}));
      const outcomes = partial ? [real] : [real, numberIds(expand(expectation), options)];
      const outcome = outcomes.find((one) => compare(expectation, one, options) === undefined);
      if (outcome === undefined) continue;
      for (const mutation of mutations(expectation, partial, options))
        bites.push({ name, expectation, options, outcome, mutation });
    }
  });

  it(`finds what is changed, dropped, added or moved at ${PLACES} places`, () => {
    expect(bites.length).toBeGreaterThan(10 * PLACES);
    const random = mulberry32(SEED);
    const missed: string[] = [];
    const kinds = new Set<string>();
    let bitten = 0;
    while (bitten < PLACES) {
      const [bite] = bites.splice(Math.floor(random() * bites.length), 1);
      if (bite === undefined) break;
      const { name, expectation, options, outcome, mutation } = bite;
      const mutated = mutate(outcome, mutation);
      if (mutated === undefined) continue;
      bitten++;
      kinds.add(mutation.kind);
      if (compare(expectation, mutated, options) === undefined)
        missed.push(`${name}: ${mutation.kind} ${mutation.path.join(".")}`);
    }
    expect(missed).toEqual([]);
    expect(bitten).toBe(PLACES);
    expect([...kinds].toSorted()).toEqual(["add", "change", "drop", "reorder"]);
  });
});

/** A small generator of numbers in [0, 1) that a seed determines. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
