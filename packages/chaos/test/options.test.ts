import { describe, expect, it } from "vitest";
import { LINES } from "../src/lines.ts";
import { HELP, readOptions } from "../src/options.ts";

const SECONDS = 10;

describe("readOptions", () => {
  it("asks for every line on every store of it unless told", () => {
    const { runs, seed, seconds, isHelp } = readOptions([]);
    const all = LINES.flatMap((line) => line.stores.map((store) => `${line.name} ${store}`));
    expect(runs.map(({ line, store }) => `${line.name} ${store}`)).toEqual(all);
    expect({ seed, seconds, isHelp }).toEqual({ seed: 1, seconds: SECONDS, isHelp: false });
  });

  it("takes lines, a store, a seed and seconds", () => {
    const words = "--line writer-killed --line replies-lost --store postgres --seed 7 --seconds 30";
    const { runs, seed, seconds } = readOptions(words.split(" "));
    expect(runs.map(({ line, store }) => [line.name, store])).toEqual([
      ["writer-killed", "postgres"],
      ["replies-lost", "postgres"],
    ]);
    expect({ seed, seconds }).toEqual({ seed: 7, seconds: 30 });
  });

  it.each([
    ["--line earthquake", /no line "earthquake".*server-killed/],
    ["--store tape", /no store "tape".*sqlite, postgres, redis/],
    [
      "--line server-killed --store sqlite",
      /runs on sqlite.*server-killed runs on postgres, redis/,
    ],
    ["--seed x", /--seed must be a whole number from 0.*got x/],
    ["--seed 4294967296", /--seed/],
    ["--seconds 9", /--seconds must be a whole number from 10 to 3600, got 9/],
    ["--speed 9", /--speed.*--help/],
    ["server-killed", /--help/],
  ])("refuses %s with words", (words, message) => {
    expect(() => readOptions(words.split(" "))).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(message) as string,
      }),
    );
  });

  it("explains every line", () => {
    expect(readOptions(["--help"]).isHelp).toBe(true);
    for (const { name, fault, must } of LINES) {
      const line = HELP.split("\n").find((text) => text.startsWith(`  ${name} `));
      expect(line).toContain(fault);
      expect(line).toContain(must);
    }
    expect(new Set(LINES.map(({ name }) => name)).size).toBe(LINES.length);
  });
});
