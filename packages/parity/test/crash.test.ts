import { describe, expect, it } from "vitest";
import { SHAPES } from "../src/crash/shapes.ts";
import { sweep } from "../src/crash/sweep.ts";

/** `npm run crash` cuts at all of them. */
const EVERY = 29;
const PAIRS = 2;

describe("a run that is cut and taken up again by another runner", () => {
  it("is tried in enough shapes, each under a name of its own", () => {
    expect(SHAPES.length).toBeGreaterThanOrEqual(43);
    expect(new Set(SHAPES.map(({ name }) => name)).size).toBe(SHAPES.length);
  });

  it.each(SHAPES.map((shape) => [shape.name, shape] as const))(
    "comes to the same: %s",
    async (_name, shape) => {
      let told = 0;
      const options = { every: EVERY, pairs: PAIRS, onCut: () => void told++ };
      const { cuts, pairs, differences } = await sweep(shape, options);
      expect(differences).toEqual([]);
      expect(told).toBe(cuts + pairs);
      expect(cuts).toBeGreaterThan(3);
      expect(pairs).toBe(PAIRS);
    },
    60_000,
  );
});
