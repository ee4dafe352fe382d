import { describe, expect, it } from "vitest";
import { checkMembers, checkOptions } from "./check-options.ts";

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
