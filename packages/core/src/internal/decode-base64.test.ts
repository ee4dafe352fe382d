import { describe, expect, it } from "vitest";
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
