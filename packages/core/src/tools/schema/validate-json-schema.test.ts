import { describe, expect, it } from "vitest";
import { describeIssues } from "../../internal/standard-schema.ts";
import { checkJsonSchema } from "./check-json-schema.ts";
import type { JsonSchema } from "./json-schema.ts";
import { validateJsonSchema } from "./validate-json-schema.ts";

/** Each row: a schema, values that fit, and values that do not with what is said about them. */
const ROWS: [JsonSchema, fits: unknown[], wrong: [unknown, string][]][] = [
  [{ type: "string" }, ["", "x"], [[1, "must be a string, got a number"]]],
  [{ type: "integer" }, [0, 3, 1.0], [[1.5, "must be an integer, got a number"]]],
  [{ type: "number" }, [1.5, 2], [["2", "must be a number, got a string"]]],
  [{ type: "boolean" }, [true], [[null, "must be a boolean, got null"]]],
  [{ type: "array" }, [[]], [[{}, "must be an array, got an object"]]],
  [{ type: "object" }, [{}], [[[], "must be an object, got an array"]]],
  [{ type: ["string", "null"] }, ["x", null], [[1, "must be a string or null, got a number"]]],
  [{ type: "string", nullable: true }, ["x", null], [[1, "must be a string, got a number"]]],
  [{ enum: ["a", 1, { b: 2 }] }, ["a", 1, { b: 2 }], [["b", 'must be one of "a", 1, {"b":2}']]],
  [{ const: { a: [1] } }, [{ a: [1] }], [[{ a: [2] }, 'must be {"a":[1]}']]],
  [
    { minimum: 1, maximum: 2 },
    [1, 2, "text"],
    [
      [0, "must be at least 1"],
      [3, "must be at most 2"],
    ],
  ],
  [
    { exclusiveMinimum: 1, exclusiveMaximum: 2 },
    [1.5],
    [
      [1, "must be more than 1"],
      [2, "must be less than 2"],
    ],
  ],
  [
    { minLength: 2, maxLength: 2, pattern: "^\\p{L}+$" },
    ["äb", "𝒳𝒴", 7],
    [
      ["a", "must have a length of at least 2"],
      ["abc", "must have a length of at most 2"],
      ["a1", "must match the pattern ^\\p{L}+$"],
    ],
  ],
  [
    { items: { type: "integer" }, minItems: 1, maxItems: 2 },
    [[1], [1, 2]],
    [
      [[], "must have a number of items of at least 1"],
      [[1, 2, 3], "must have a number of items of at most 2"],
      [[1, "x"], "1: must be an integer, got a string"],
    ],
  ],
  [
    { prefixItems: [{ type: "string" }], items: false },
    [["a"], []],
    [
      [["a", 1], "1: is not allowed"],
      [[1], "0: must be a string, got a number"],
    ],
  ],
  [
    { properties: { a: { properties: { b: { type: "string" } }, required: ["b"] } } },
    [{}, { a: { b: "" } }, { a: { b: "", c: 1 } }, { a: undefined }],
    [
      [{ a: {} }, "a.b: is required"],
      [{ a: { b: 1 } }, "a.b: must be a string, got a number"],
    ],
  ],
  [
    { required: ["__proto__", "toString"] },
    [JSON.parse('{"__proto__":1,"toString":2}')],
    [[{}, "__proto__: is required; toString: is required"]],
  ],
  [
    {
      properties: { a: true },
      additionalProperties: false,
      patternProperties: { "^x-": { type: "number" } },
    },
    [{ a: 1, "x-b": 2 }],
    [
      [{ b: 1 }, "b: is not allowed"],
      [{ "x-b": "" }, "x-b: must be a number, got a string"],
    ],
  ],
  [
    // Names that every object inherits are names like any other.
    { properties: { a: {} }, additionalProperties: false },
    [{ a: 1 }],
    [[{ toString: 1 }, "toString: is not allowed"]],
  ],
  [
    { additionalProperties: { type: "number" } },
    [{ a: 1 }],
    [[{ a: "" }, "a: must be a number, got a string"]],
  ],
  [
    { minProperties: 1, maxProperties: 1 },
    [{ a: 1 }],
    [[{}, "must have a number of properties of at least 1"]],
  ],
  [
    { anyOf: [{ type: "string" }, { type: "object", required: ["a"] }] },
    ["x", { a: 1 }],
    [
      [1, "fits no alternative (must be a string, got a number | must be an object, got a number)"],
      [{}, "fits no alternative (must be a string, got an object | a: is required)"],
    ],
  ],
  [
    { oneOf: [{ type: "number" }, { type: "integer" }] },
    [1.5],
    [[1, "fits 2 alternatives where exactly one must fit"]],
  ],
  [
    { allOf: [{ required: ["a"] }, { required: ["b"] }] },
    [{ a: 1, b: 1 }],
    [[{}, "a: is required; b: is required"]],
  ],
  [
    { $ref: "#/$defs/a~1b", $defs: { "a/b": { type: "string" } } },
    ["x"],
    [[1, "must be a string, got a number"]],
  ],
  [
    // A tree: the reference comes back, the value ends it.
    { properties: { child: { $ref: "#" }, n: { type: "integer" } }, required: ["n"] },
    [{ n: 1, child: { n: 2, child: { n: 3 } } }],
    [[{ n: 1, child: { n: 2, child: {} } }, "child.child.n: is required"]],
  ],
  // References that only lead to each other say nothing, and end.
  [{ $ref: "#/$defs/a", $defs: { a: { allOf: [{ $ref: "#/$defs/a" }, { $ref: "#" }] } } }, [1], []],
  [{ format: "date", deprecated: true, description: "not checked" }, ["no date"], []],
];

describe("validateJsonSchema", () => {
  for (const [schema, fits, wrong] of ROWS)
    it(`by ${JSON.stringify(schema)}`, () => {
      checkJsonSchema(schema, "schema");
      for (const value of fits) expect(validateJsonSchema(schema, value)).toEqual([]);
      for (const [value, said] of wrong)
        expect(describeIssues(validateJsonSchema(schema, value))).toBe(said);
    });
});

describe("checkJsonSchema", () => {
  const refused: [unknown, string][] = [
    [{ type: "text" }, "schema.type must be one of object, array"],
    [{ type: [] }, "schema.type must be"],
    [{ type: 7 }, "schema.type must be"],
    [{ properties: [] }, "schema.properties must be an object of schemas"],
    [{ properties: { a: "string" } }, "schema.properties.a must be a schema"],
    [
      { properties: { a: { items: { type: "STRING" } } } },
      "schema.properties.a.items.type must be",
    ],
    [{ required: "a" }, "schema.required must be a list"],
    [{ required: [1] }, "schema.required must be a list"],
    [{ enum: "a" }, "schema.enum must be a list"],
    [{ anyOf: {} }, "schema.anyOf must be a list of schemas"],
    [{ oneOf: [1] }, "schema.oneOf[0] must be a schema"],
    [{ minimum: "1" }, "schema.minimum must be a number"],
    [{ minItems: -1 }, "schema.minItems must be a whole number"],
    [{ maxLength: 1.5 }, "schema.maxLength must be a whole number"],
    [{ pattern: "(" }, "schema.pattern must be a regular expression"],
    [{ patternProperties: { "(": {} } }, "schema.patternProperties must be a regular expression"],
    [{ $ref: "#/$defs/none" }, "schema.$ref must name a schema inside"],
    [{ $ref: "https://example.com/schema" }, "schema.$ref must name a schema inside"],
    [{ $ref: "#/constructor" }, "schema.$ref must name a schema inside"],
  ];
  for (const [schema, said] of refused)
    it(`refuses ${JSON.stringify(schema)}`, () => {
      expect(() => checkJsonSchema(schema, "schema")).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining(said),
        }),
      );
    });
});
