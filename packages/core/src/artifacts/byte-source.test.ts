import { describe, expect, it } from "vitest";
import { VirtualClock } from "../testing/virtual-clock.ts";
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

describe("a stream that is cancelled", () => {
  it("while it is silent is ABORTED, and told to stop", async () => {
    const controller = new AbortController();
    const clock = new VirtualClock();
    let told = 0;
    const stream: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        async next() {
          controller.abort(new Error("enough"));
          return await new Promise<never>(() => {});
        },
        async return() {
          told++;
          await clock.advance(1_000);
          return await new Promise<never>(() => {});
        },
      }),
    };
    const { signal } = controller;
    const read = collectBytes(streamSource(stream, { maxBytes: 6, signal, clock }));
    await expect(read).rejects.toMatchObject({
      code: "ABORTED",
      cause: signal.reason as unknown,
      details: { committed: false },
    });
    expect(told).toBe(1);
  });

  it("is told to stop by a reader that leaves, and fails as it fails, while nothing is cancelled", async () => {
    const { signal } = new AbortController();
    let isClosed = false;
    const stream = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield* pieces(1, 2);
        throw new RangeError("the camera fell over");
      } finally {
        isClosed = true;
      }
    };
    for await (const _piece of streamSource(stream(), { maxBytes: 6, signal })) break;
    expect(isClosed).toBe(true);
    const read = collectBytes(streamSource(stream(), { maxBytes: 6, signal }));
    await expect(read).rejects.toThrow(RangeError);
  });
});

it.each([null, undefined, 1, "text"])("a piece that is %o is refused", async (piece) => {
  const stream = async function* (): AsyncGenerator<Uint8Array> {
    yield piece as unknown as Uint8Array;
  };
  await expect(collectBytes(streamSource(stream(), { maxBytes: 6 }))).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
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
