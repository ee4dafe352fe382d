import { describe, expect, it } from "vitest";
import { decodeSegment, encodeSegment, Keys, versionsAmong } from "./keys.ts";

describe("a segment", () => {
  it.each([
    ["report.pdf", "report.pdf"],
    ["Report.PDF", "!52eport.!50!44!46"],
    ["a/b", "a!2fb"],
    ["..", "!2e!2e"],
    [".", "!2e"],
    [".hidden.", "!2ehidden!2e"],
    ["a b:c\\d!e~f", "a!20b!3ac!5cd!21e!7ef"],
    ["é", "!c3!a9"],
    ["\ufeffx", "!ef!bb!bfx"],
    ["__proto__", "__proto__"],
  ])("%j is %s, and back", (id, segment) => {
    expect(encodeSegment(id)).toBe(segment);
    expect(decodeSegment(segment)).toBe(id);
  });

  it("is a hash where it would be too long, and says so", () => {
    const [long, other] = [encodeSegment("x".repeat(512)), encodeSegment(`${"x".repeat(511)}y`)];
    expect(long).toMatch(/^x{120}!h[0-9a-f]{64}$/);
    expect(other).not.toBe(long);
    expect(decodeSegment(long)).toBeUndefined();
    expect(encodeSegment("x".repeat(200))).toBe("x".repeat(200));
    expect(encodeSegment("É".repeat(100)).length).toBeLessThanOrEqual(200);
  });

  it("has no upper case, no dot at its ends and no separator, whatever the id", () => {
    for (let code = 1; code < 0x250; code++)
      expect(encodeSegment(String.fromCharCode(code))).toMatch(/^[a-z0-9_!-]+$/);
  });
});

describe("the layout", () => {
  const keys = new Keys("/r");
  const key = { appName: "shop", userId: "ada", filename: "a.txt" };

  it("is what the README says", () => {
    expect(keys.name(key)).toBe("/r/apps/shop/ada/u/a.txt");
    expect(keys.name({ ...key, sessionId: "S1" })).toBe("/r/apps/shop/ada/s/!531/a.txt");
  });

  it("keeps a session named u apart from the user", () =>
    expect(keys.scope({ ...key, sessionId: "u" })).toBe("/r/apps/shop/ada/s/u"));

  it("takes only versions for versions", () =>
    expect(versionsAmong(["10", "9", "0", "01", "a", "1.copy", ".DS_Store", "-1", ""])).toEqual([
      0, 9, 10,
    ]));
});
