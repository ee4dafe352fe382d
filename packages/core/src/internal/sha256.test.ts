import { describe, expect, it } from "vitest";
import { createSha256, portableSha256 } from "./sha256.ts";

/** Bytes that no pattern of the algorithm can hide behind. */
function bytesOf(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => (index * 131 + (index >> 8) * 17) & 0xff);
}

async function reference(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

describe.each([
  ["native", createSha256],
  ["portable", portableSha256],
])("SHA-256, %s", (_, create) => {
  it("is that of crypto.subtle at every size around a block", async () => {
    for (const size of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 1_000]) {
      const hash = create();
      hash.update(bytesOf(size));
      expect(hash.digest()).toBe(await reference(bytesOf(size)));
    }
  });

  it("does not depend on how the bytes are cut", async () => {
    const bytes = bytesOf(100_000);
    const hash = create();
    let start = 0;
    for (let length = 1; start < bytes.length; start += length++)
      hash.update(bytes.subarray(start, start + length));
    expect(hash.digest()).toBe(await reference(bytes));
  });
});
