import { expect, it } from "vitest";
import { Tree } from "./rewind-fork/tree.ts";

const TREES = 2_000;
const TIMEOUT_MS = 240_000;

it(
  `${TREES} random trees of turns, answers, appends, rewinds and forks are what a naive model says`,
  async () => {
    const tally: Record<string, number> = {};
    for (let seed = 1; seed <= TREES; seed++) {
      await using tree = new Tree(seed, tally);
      try {
        await tree.grow();
      } catch (error) {
        throw new Error(`Tree ${seed}: ${tree.done.join(", ")}. ${String(error)}`, {
          cause: error,
        });
      }
    }
    // Nothing of it may fall asleep.
    expect(Object.keys(tally)).toHaveLength(11);
    expect(Math.min(...Object.values(tally))).toBeGreaterThan(TREES / 40);
  },
  TIMEOUT_MS,
);
