import { describe, expect, it } from "vitest";
import { encodeBase64 } from "./json.ts";
import { decodeBase64 } from "./decode-base64.ts";

describe("decodeBase64", () => {
  it.each(["+/+/AA==", "-_-_AA==", "-_-_AA", "+/+/AA"])("reads %s", (text) =>
    expect(decodeBase64(text)).toEqual(Uint8Array.of(0xfb, 0xff, 0xbf, 0)),
  );
  it("reads nothing as no bytes", () => expect(decodeBase64("")).toEqual(new Uint8Array(0)));
  it.each(["a", "ab=c", "%%%%", "é"])("refuses %s", (text) =>
    expect(decodeBase64(text)).toBeUndefined(),
  );
});

describe("encodeBase64", () => {
  it("is undone by decodeBase64, at every size around its pieces", () => {
    for (const size of [0, 1, 2, 3, 0x5fff, 0x6000, 0x6001, 0xc000, 100_000]) {
      const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 131) & 0xff);
      const text = encodeBase64(bytes);
      expect(text).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
      expect(decodeBase64(text)).toEqual(bytes);
    }
  });
});
