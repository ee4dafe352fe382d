import { expect, it } from "vitest";
import { randomOf } from "./random.ts";

const first = (seed: number, name: string): number[] => {
  const random = randomOf(seed, name);
  return Array.from({ length: 1_000 }, () => random());
};

it("gives the same numbers for the same seed and name, and others for others", () => {
  expect(first(1, "w1")).toEqual(first(1, "w1"));
  expect(first(1, "w1")).not.toEqual(first(2, "w1"));
  expect(first(1, "w1")).not.toEqual(first(1, "w2"));
});

it("spreads them from 0 to 1", () => {
  const numbers = first(7, "w");
  for (const number of numbers) expect(number >= 0 && number < 1).toBe(true);
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = numbers.filter((number) => Math.floor(number * 10) === tenth).length;
    expect(count).toBeGreaterThan(60);
    expect(count).toBeLessThan(140);
  }
});
