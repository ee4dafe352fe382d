import { describe, expect, it } from "vitest";
import { fill, partSize } from "./multipart.ts";

const MIB = 1_048_576;

describe("partSize", () => {
  it("is the same for the first 1,000 parts, then grows", () => {
    expect([1, 1_000, 1_001, 2_000, 2_001, 10_000].map((number) => partSize(number, 5))).toEqual([
      5, 5, 10, 10, 20, 2_560,
    ]);
  });

  it("lets 10,000 parts hold the 5 TiB that an object may have, none larger than the 5 GiB of a part", () => {
    let total = 0;
    for (let number = 1; number <= 10_000; number++) total += partSize(number, 5 * MIB);
    expect(total).toBeGreaterThan(5 * 1_024 ** 4 * 0.97);
    expect(partSize(10_000, 5 * MIB)).toBeLessThanOrEqual(5 * 1_024 ** 3);
  });
});

describe("fill", () => {
  async function* pieces(...sizes: number[]): AsyncGenerator<Uint8Array> {
    let next = 0;
    for (const size of sizes) yield Uint8Array.from({ length: size }, () => next++);
  }

  it("fills parts exactly, keeps what is left and copies what it was given", async () => {
    const rest = pieces(3, 4, 1);
    const first = await fill(new Uint8Array(5), new Uint8Array(0), rest);
    expect([[...first.part], [...first.left], first.isEnd]).toEqual([
      [0, 1, 2, 3, 4],
      [5, 6],
      false,
    ]);
    const second = await fill(new Uint8Array(5), first.left, rest);
    expect([[...second.part], second.isEnd]).toEqual([[5, 6, 7], true]);
  });

  it("does not ask for more when the part is full", async () => {
    let asked = 0;
    const rest: AsyncIterator<Uint8Array> = {
      next: async () => ({ done: false, value: new Uint8Array(++asked) }),
    };
    await fill(new Uint8Array(3), new Uint8Array(0), rest);
    expect(asked).toBe(2);
  });
});
