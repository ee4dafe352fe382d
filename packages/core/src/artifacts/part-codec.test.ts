import { describe, expect, it } from "vitest";
import type { Part } from "../content/content.ts";
import type { ArtifactMetadata } from "./artifact-store.ts";
import { decodePart, encodePart, isRemovedMarker } from "./part-codec.ts";

/** As the store would give it back. */
function roundTrip(part: Part): Part | undefined {
  const { bytes, metadata } = encodePart(part);
  return decodePart({ ...metadata, size: bytes.length, sha256: "" }, bytes);
}

describe("a part as bytes and metadata", () => {
  it.each<Part>([
    { inlineData: { data: "AAEC", mimeType: "image/png", displayName: "Dot" } },
    { inlineData: { data: "", mimeType: "image/png" } },
    { text: "" },
    { text: "\ufeffgrün\0" },
    { fileData: { fileUri: "gs://b/a", mimeType: "text/plain", displayName: "" } },
    { fileData: { fileUri: "gs://b/a" } },
  ])("comes back: %j", (part) => expect(roundTrip(part)).toEqual(part));

  it("is kept without members that are no file", () => {
    const part = { text: "a", thought: true, thoughtSignature: "s", inlineData: undefined };
    expect(roundTrip(part as unknown as Part)).toEqual({ text: "a" });
  });

  it("is compared by kind: members that are null are absent, as in JSON made elsewhere", () => {
    const part = { text: "a", inlineData: null, functionCall: null } as unknown as Part;
    expect(roundTrip(part)).toEqual({ text: "a" });
  });

  it("gives bytes without a type the type of octets, and an empty type counts as none", () => {
    for (const mimeType of [undefined, ""])
      expect(encodePart({ inlineData: { data: "AA==", mimeType } } as Part).metadata).toEqual({
        kind: "data",
        mimeType: "application/octet-stream",
      });
  });

  it("copies the caller's bytes", () => {
    const data = Uint8Array.of(1, 2);
    const { bytes } = encodePart({ inlineData: { data } });
    data.fill(0);
    expect([...bytes]).toEqual([1, 2]);
  });

  it("names what it was given", () => {
    const part = { functionCall: { name: "f" }, thought: true } as Part;
    expect(() => encodePart(part)).toThrow(/functionCall, thought.*cannot be saved/);
    expect(() => encodePart({ text: "a", fileData: { fileUri: "x" } })).toThrow(
      /text and fileData/,
    );
  });

  it("is a removed one only with no bytes of exactly application/octet-stream", () => {
    const marker: ArtifactMetadata = {
      kind: "data",
      mimeType: "application/octet-stream",
      size: 0,
      sha256: "",
    };
    expect(isRemovedMarker(marker)).toBe(true);
    expect(decodePart(marker, new Uint8Array(0))).toBeUndefined();
    for (const change of [
      { size: 1 },
      { mimeType: "application/octet-stream; a=b" },
      { mimeType: "text/plain" },
      { kind: "text" as const },
    ])
      expect(isRemovedMarker({ ...marker, ...change })).toBe(false);
  });
});
