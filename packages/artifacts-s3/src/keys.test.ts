import { describe, expect, it } from "vitest";
import { decodeSegment, encodeSegment, formatPosition, Keys, parsePosition } from "./keys.ts";

const key = { appName: "shop", userId: "ada", sessionId: "s1", filename: "a/ö.txt" };

describe("keys", () => {
  it("are those of the README's examples", () => {
    const keys = new Keys("adk");
    expect(keys.version(key, { life: 0, version: 0 })).toBe(
      "adk/shop/ada/s/s1/a!2F!C3!B6.txt/9999999999-9999999999",
    );
    expect(keys.version(key, { life: 1, version: 12 })).toBe(
      "adk/shop/ada/s/s1/a!2F!C3!B6.txt/9999999998-9999999987",
    );
    const { sessionId: _none, ...users } = { ...key, filename: "logo.png" };
    expect(keys.version(users, { life: 0, version: 1 })).toBe(
      "adk/shop/ada/u/logo.png/9999999999-9999999998",
    );
    expect(keys.blob(users, "w1")).toBe("adk/shop/ada/b/u/logo.png/w1");
    expect(new Keys("").blob(key, "w1")).toBe("shop/ada/b/s/s1/a!2F!C3!B6.txt/w1");
  });

  it("sort the newest first, a later life before all of an earlier one", () => {
    const places = [
      { life: 0, version: 0 },
      { life: 0, version: 9 },
      { life: 0, version: 10 },
      { life: 1, version: 0 },
      { life: 1, version: 1_000_000 },
    ];
    const sorted = places.map(formatPosition).toSorted();
    expect(sorted.map(parsePosition)).toEqual(places.toReversed());
    for (const text of ["", "1-2", "9999999999", "9999999999-999999999x"])
      expect(parsePosition(text)).toBeUndefined();
  });

  it.each([
    ".",
    "..",
    ".a.b",
    "a/b",
    "!2F",
    "ö",
    "\ufeffa",
    "👩‍👩‍👧",
    "A",
    "a",
    "%2F",
    " ",
    "s",
    "~",
    "x".repeat(200),
  ])("encode %j so that it can be read again, without a slash or a leading dot", (id) => {
    const encoded = encodeSegment(id);
    expect(encoded).toMatch(/^[A-Za-z0-9_!-][A-Za-z0-9._!-]*$/);
    expect(decodeSegment(encoded)).toBe(id);
  });

  it("hold a hash of what is long: other ids, other segments", () => {
    const long = ["x".repeat(512), `${"x".repeat(511)}y`, "é".repeat(256), "ö".repeat(256)];
    const encoded = long.map(encodeSegment);
    expect(new Set(encoded).size).toBe(long.length);
    for (const segment of encoded) {
      expect(segment.length).toBeLessThanOrEqual(200);
      expect(decodeSegment(segment)).toBeUndefined();
    }
  });

  it("stay below the 1,024 bytes of S3 with the longest of everything", () => {
    const long = "é".repeat(256);
    const keys = new Keys("p".repeat(128));
    const longest = { appName: long, userId: long, sessionId: long, filename: long };
    expect(keys.version(longest, { life: 0, version: 0 }).length).toBeLessThanOrEqual(1_024);
    expect(keys.blob(longest, "0".repeat(36)).length).toBeLessThanOrEqual(1_024);
  });
});
