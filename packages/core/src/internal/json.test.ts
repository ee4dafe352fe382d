import { describe, expect, it } from "vitest";
import { copyJson } from "./json.ts";

class Point {
  readonly x: number = 1;
  readonly label: string | undefined = undefined;
  norm(): number {
    return this.x;
  }
}

class Money {
  readonly #cents: number = 250;
  toJSON(): string {
    return `${this.#cents / 100} €`;
  }
}

describe("copyJson", () => {
  it("keeps dates and instances as JSON writes them", () => {
    const value = { at: new Date(0), point: new Point(), price: new Money() };
    const copy = copyJson(value, { path: "state" });
    expect(copy).toEqual({ at: "1970-01-01T00:00:00.000Z", point: { x: 1 }, price: "2.5 €" });
    expect(copy).toEqual(JSON.parse(JSON.stringify(value)));
    expect(copyJson({ at: new Date(Number.NaN) }, { path: "state" })).toEqual({ at: null });
  });

  it.each([
    ["a Map", new Map()],
    ["a Uint8Array", new Uint8Array(1)],
    ["an ArrayBuffer", new ArrayBuffer(1)],
    ["an Error", new Error("x")],
    ["a function", () => 1],
  ])("refuses %s, with its path", (what, value) => {
    expect(() => copyJson({ list: [0, value] }, { path: "state" })).toThrow(
      expect.objectContaining({
        code: "NOT_SERIALIZABLE",
        message: expect.stringContaining(`state.list[1] is ${what}`),
        details: { path: "state.list[1]" },
      }),
    );
  });
});
