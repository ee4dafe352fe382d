import { describe, expect, it } from "vitest";
import { checkMembers, checkOptions, describe as inWords } from "./check-options.ts";

describe("an option that is not known", () => {
  const table = { ttlMs: "number", maxTries: "number" } as const;

  it("is refused with the one that was meant, and all that there are", () => {
    expect(() => checkOptions("Cache", { ttlms: 5 }, table)).toThrow(
      "Cache has no option `ttlms`. Did you mean `ttlMs`? It knows: maxTries, ttlMs.",
    );
    expect(() => checkMembers("get", { ttlMS: 5 }, new Set(["ttlMs", "key"]))).toThrow(
      "get has no option `ttlMS`. Did you mean `ttlMs`? It knows: key, ttlMs.",
    );
  });

  it("is refused without a guess where it is like none of them", () => {
    expect(() => checkOptions("Cache", { colour: 5 }, table)).toThrow(
      "Cache has no option `colour`. It knows: maxTries, ttlMs.",
    );
  });
});

describe("a value in words", () => {
  it.each([
    ["postgresql://app:hunter2@db/x", "a URL (postgresql:)"],
    [" redis://:hunter2@db", "a URL (redis:)"],
    ["https://db/x?password=hunter2", "a URL (https:)"],
    ["app:hunter2@db/x", "a text of 16 characters"],
    ["url=redis://:hunter2@db", "a text of 23 characters"],
    ["seven", '"seven"'],
    ["at 10:30", '"at 10:30"'],
    ["ada@example.com", '"ada@example.com"'],
  ])("%s has no password in it", (text, words) => expect(inWords(text)).toBe(words));

  it("is not repeated where an option is refused", () => {
    const url = "postgresql://app:hunter2@db/x";
    for (const options of [url, { ttlMs: url }])
      expect(() => checkOptions("Cache", options, { ttlMs: "number" })).toThrow(
        /^Cache(:| ).*got a URL \(postgresql:\)\.$/,
      );
  });
});
