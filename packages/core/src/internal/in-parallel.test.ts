import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { inParallel } from "./in-parallel.ts";

const numbers = Array.from({ length: 50 }, (_, index) => index);

describe("inParallel", () => {
  it("gives the results in order, with 16 at work at the most", async () => {
    let atWork = 0;
    let most = 0;
    const doubled = await inParallel(numbers, async (number) => {
      most = Math.max(most, ++atWork);
      await pause((number * 7) % 5);
      atWork--;
      return 2 * number;
    });
    expect(doubled).toEqual(numbers.map((number) => 2 * number));
    expect(most).toBe(16);
    expect(await inParallel([], async () => await Promise.resolve(1))).toEqual([]);
  });

  it("throws the first failure when what has begun is done, and begins nothing more", async () => {
    const begun: number[] = [];
    const done: number[] = [];
    const all = inParallel(numbers, async (number) => {
      begun.push(number);
      await pause(number === 3 ? 1 : 20);
      if (number === 3 || number === 4) throw new RangeError(`number ${number}`);
      done.push(number);
    });
    await expect(all).rejects.toThrow("number 3");
    expect(begun).toHaveLength(16);
    expect(done).toHaveLength(14);
  });
});
