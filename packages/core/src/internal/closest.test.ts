import { describe, expect, it } from "vitest";
import { closest } from "./closest.ts";

const known = ["ttlMs", "timeoutMs", "maxBytes", "maxTries", "model", "clock"];

describe("closest", () => {
  it.each([
    ["ttlms", "ttlMs"],
    ["ttlMS", "ttlMs"],
    ["tllMs", "ttlMs"],
    ["ttl_ms", "ttlMs"],
    ["tltMs", "ttlMs"],
    ["timeoutM", "timeoutMs"],
    ["timeOut", "timeoutMs"],
    ["maxbyte", "maxBytes"],
    ["models", "model"],
    ["clokc", "clock"],
  ])("%s was meant to be %s", (name, meant) => {
    expect(closest(name, known)).toBe(meant);
  });

  it.each(["", "ms", "ttl", "bytes", "retries", "color", "constructor", "x".repeat(10_000)])(
    "%s is none of them",
    (name) => {
      expect(closest(name, known)).toBeUndefined();
    },
  );

  it("of two that are equally near, the first", () => {
    expect(closest("maxSize", ["maxTime", "maxSite", "maxSide"])).toBe("maxSite");
    expect(closest("", [])).toBeUndefined();
  });
});
