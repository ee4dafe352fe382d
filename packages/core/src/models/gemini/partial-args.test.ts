import { describe, expect, it } from "vitest";
import { applyPartialArg, type PartialArg } from "./partial-args.ts";

function apply(...pieces: PartialArg[]): Record<string, unknown> {
  const args: Record<string, unknown> = {};
  for (const piece of pieces) applyPartialArg(args, piece);
  return args;
}

describe("applyPartialArg", () => {
  it("appends texts and sets other values, at any depth", () => {
    expect(
      apply(
        { jsonPath: "$.city", stringValue: "Ber" },
        { jsonPath: "$.city", stringValue: "" },
        { jsonPath: "$.city", stringValue: "lin" },
        { jsonPath: "$.days[0].high", numberValue: 3 },
        { jsonPath: "$.days[0].high", numberValue: 0 },
        { jsonPath: "$.days[1].wet", boolValue: false },
        { jsonPath: "$.days[1].note", nullValue: "NULL_VALUE" },
        { jsonPath: "$['a b'][\"c.d\"]", stringValue: "x" },
        { jsonPath: "plain", numberValue: 1 },
      ),
    ).toEqual({
      city: "Berlin",
      days: [{ high: 0 }, { wet: false, note: null }],
      "a b": { "c.d": "x" },
      plain: 1,
    });
  });

  it("ignores a piece without a value", () => {
    expect(apply({ jsonPath: "$.a", willContinue: true })).toEqual({});
  });

  it("takes __proto__ as a plain key", () => {
    const args = apply({ jsonPath: "$.__proto__.polluted", boolValue: true });
    expect(Object.keys(args)).toEqual(["__proto__"]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(["", "$", "$.a[", "$..a", "$.a[x]", "$.list[99999999]", "$.a[*]"])(
    "refuses a path it cannot follow: %s",
    (jsonPath) => {
      expect(() => apply({ jsonPath, numberValue: 1 })).toThrow(
        expect.objectContaining({ code: "MODEL_FAILED" }),
      );
    },
  );

  it("refuses a name in a list", () => {
    expect(() =>
      apply({ jsonPath: "$.a[0]", numberValue: 1 }, { jsonPath: "$.a.b", numberValue: 1 }),
    ).toThrow(expect.objectContaining({ code: "MODEL_FAILED" }));
  });
});
