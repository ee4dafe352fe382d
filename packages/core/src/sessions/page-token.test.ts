import { describe, expect, it } from "vitest";
import { decodePageToken, encodePageToken } from "./page-token.ts";

describe("page tokens", () => {
  it("give back what they were made of", () => {
    const token = encodePageToken("sessions", [12, "ü/+?=\ud83d\ude00"]);
    expect(token).toMatch(/^[\w-]+$/);
    expect(decodePageToken("sessions", token, ["number", "string"])).toEqual([
      12,
      "ü/+?=\ud83d\ude00",
    ]);
  });

  it.each([
    "",
    "gibberish",
    "é",
    "////",
    btoa("null"),
    btoa("[]"),
    encodePageToken("events", [1]),
    encodePageToken("sessions", ["1"]),
    encodePageToken("sessions", [1, 2]),
  ])("refuse %j", (token) => {
    expect(() => decodePageToken("sessions", token, ["number"])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
