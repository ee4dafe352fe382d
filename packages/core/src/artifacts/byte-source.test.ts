import { describe, expect, it } from "vitest";
import { bytesSource, sha256Hex, streamSource } from "./byte-source.ts";
import { collectBytes } from "./collect-bytes.ts";

async function* pieces(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield new Uint8Array(size).fill(size);
}

describe("a source of bytes", () => {
  it("in memory knows size and checksum at once", async () => {
    const source = await bytesSource(new TextEncoder().encode("abc"));
    expect(source.size).toBe(3);
    expect(source.sha256).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(await collectBytes(source)).toEqual(source.bytes);
  });

  it("from a stream knows them at its end", async () => {
    const source = streamSource(pieces(1, 2, 3), { maxBytes: 6 });
    expect(() => source.size).toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
    const bytes = await collectBytes(source);
    expect(source.size).toBe(6);
    expect(source.sha256).toBe(await sha256Hex(bytes));
    expect(source.bytes).toBeUndefined();
  });

  it("still does not know them after a reader that left early", async () => {
    const source = streamSource(pieces(1, 2, 3), { maxBytes: 6 });
    for await (const _piece of source) break;
    expect(() => source.sha256).toThrow(/Read it first/);
  });

  it("ends with the first piece too many, before it is passed on", async () => {
    const passed: number[] = [];
    const read = async (): Promise<void> => {
      for await (const piece of streamSource(pieces(3, 3, 1), { maxBytes: 6 }))
        passed.push(piece.length);
    };
    await expect(read()).rejects.toMatchObject({
      code: "ARTIFACT_TOO_LARGE",
      details: { maxBytes: 6 },
    });
    expect(passed).toEqual([3, 3]);
  });
});

describe("collectBytes", () => {
  it("shares nothing with the pieces", async () => {
    const piece = Uint8Array.of(1);
    const bytes = await collectBytes(
      (async function* () {
        yield piece;
      })(),
    );
    piece[0] = 9;
    expect([...bytes]).toEqual([1]);
  });

  it("makes nothing of nothing", async () => expect(await collectBytes(pieces())).toHaveLength(0));
});
