import { describe, expect, it } from "vitest";
import { evaluate } from "./arithmetic.ts";

describe("evaluate", () => {
  it.each([
    ["12*7", 84],
    ["(3 + 4) * 11 - 2", 75],
    ["2 + 3 * 4 ^ 2 / 8", 8],
    ["2 ^ 3 ^ 2", 512],
    ["-2 ^ 2", -4],
    ["2 ^ -1", 0.5],
    ["--3 - -4", 7],
    ["0.1 + 0.2", 0.3],
    ["1,000 * 3", 3_000],
    ["min(4, 2,000) + max(1,7)", 11],
    ["20% of 50", 10],
    ["50 * 20%", 10],
    ["17 % 5", 2],
    ["10 - 5 % ", 9.95],
    ["sqrt(16) + abs(-2)", 6],
    ["1.5e3 / .5", 3_000],
    ["6 × 7 ÷ 2 − 1", 20],
    ["round(2 * pi)", 6],
    ["1/3", 0.333333333333333],
  ])("%s is %d", (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ["", "ends where a number is expected"],
    ["2 +", "ends where a number is expected"],
    ["(2", "not closed"],
    ["2)", '")" is not expected'],
    ["2 3", '"3" is not expected'],
    ["1 / 0", "divided by zero"],
    ["5 % (1 - 1)", "divided by zero"],
    ["10 ^ 400", "too large"],
    ["sqrt(-1)", "not a real number"],
    ["sqrt 4", "needs brackets"],
    ["process.exit(1)", '".exit(1)" is no arithmetic'],
    ["process(1)", '"process" is neither'],
    ["constructor(1)", '"constructor" is neither'],
    ["2 $ 3", '"$ 3" is no arithmetic'],
    ["(".repeat(500), "nested too deeply"],
    ["1".repeat(1_001), "longer than"],
  ])("%.30s is refused", (expression, words) => {
    expect(() => evaluate(expression)).toThrow(words);
  });
});
