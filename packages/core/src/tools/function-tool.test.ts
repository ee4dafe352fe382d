import { Type } from "@google/genai";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, expectTypeOf, it } from "vitest";
import { z } from "zod";
import { toolContext } from "../../test/support/tool-context.ts";
import type { Context } from "../context/context.ts";
import { type BaseTool, isBaseTool } from "./base-tool.ts";
import { FunctionTool, isFunctionTool, type ToolOptions } from "./function-tool.ts";
import type { ToolInputParameters } from "./schema/tool-parameters.ts";

/** A tool named `w` that gives its input back. */
function echo(parameters: ToolInputParameters): FunctionTool<ToolInputParameters> {
  return new FunctionTool<ToolInputParameters>({
    name: "w",
    description: "w",
    parameters,
    execute: (input: unknown) => input,
  });
}

function call(tool: BaseTool, args: Record<string, unknown>, context = toolContext()) {
  return tool.runAsync({ args, toolContext: context });
}

const invalid = (message: string): unknown =>
  expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) });

describe("FunctionTool with Standard Schema", () => {
  const weather = {
    zod: z.object({ city: z.string().describe("Where"), days: z.number().int().default(1) }),
    valibot: toStandardJsonSchema(
      v.object({
        city: v.pipe(v.string(), v.description("Where")),
        days: v.optional(v.pipe(v.number(), v.integer()), 1),
      }),
    ),
    arktype: type({ city: type("string").describe("Where"), days: "number.integer = 1" }),
  };

  for (const [vendor, parameters] of Object.entries(weather))
    it(`declares, validates and fills in defaults: ${vendor}`, async () => {
      const tool = new FunctionTool({
        name: "w",
        description: "Weather.",
        parameters: parameters as typeof weather.zod,
        execute: (input) => input,
      });
      const { parametersJsonSchema, ...rest } = tool._getDeclaration();
      expect(rest).toEqual({ name: "w", description: "Weather." });
      expect(parametersJsonSchema).toMatchObject({
        type: "object",
        properties: { city: { type: "string" }, days: { type: "integer" } },
        required: ["city"],
      });
      expect(parametersJsonSchema).not.toHaveProperty("$schema");

      expect(await call(tool, { city: "Oslo" })).toEqual({ city: "Oslo", days: 1 });
      expect(await call(tool, {})).toEqual({
        error:
          "Invoking `w()` failed as the following mandatory input parameters are not present:\ncity\nYou could retry calling this tool, but it is IMPORTANT for you to provide all the mandatory parameters.",
      });
      expect(await call(tool, { city: "Oslo", days: "many" })).toEqual({
        error: expect.stringMatching(
          /^Invoking `w\(\)` failed as the following input parameters are not valid:\ndays: .+\nYou could retry/,
        ),
      });
    });

  it("infers the arguments", () => {
    const description = "";
    new FunctionTool({
      name: "zod",
      description,
      parameters: weather.zod,
      execute(input, context) {
        expectTypeOf(input).toEqualTypeOf<{ city: string; days: number }>();
        expectTypeOf(context).toEqualTypeOf<Context>();
      },
      requireConfirmation(input) {
        expectTypeOf(input).toEqualTypeOf<{ city: string; days: number }>();
        return false;
      },
    });
    new FunctionTool({
      name: "valibot",
      description,
      parameters: weather.valibot,
      execute: (input) => expectTypeOf(input).toEqualTypeOf<{ city: string; days: number }>(),
    });
    new FunctionTool({
      name: "arktype",
      description,
      parameters: weather.arktype,
      execute: (input) => expectTypeOf(input).toEqualTypeOf<{ city: string; days: number }>(),
    });
    new FunctionTool({
      name: "transformed",
      description,
      parameters: z.object({ day: z.string().transform((text) => new Date(text)) }),
      execute: (input) => expectTypeOf(input).toEqualTypeOf<{ day: Date }>(),
    });
    new FunctionTool({
      name: "json",
      description,
      parameters: { type: "object", properties: { city: { type: "string" } } },
      execute: (input) => expectTypeOf(input).toEqualTypeOf<Record<string, unknown>>(),
    });
    new FunctionTool({
      name: "json_typed",
      description,
      parameters: { type: "object", properties: { city: { type: "string" } } },
      execute: ({ city }: { city?: string }) => city,
      requireConfirmation: ({ city }: { city: string }) => city === "Rome",
    });
    new FunctionTool({
      name: "wrong_confirmation",
      description,
      parameters: weather.zod,
      execute: () => 1,
      // @ts-expect-error the schema gives a number
      requireConfirmation: ({ days }: { days: string }) => days === "",
    });
    new FunctionTool({
      name: "json_confirmation",
      description,
      parameters: { type: "object", properties: { city: { type: "string" } } },
      execute: () => 1,
      requireConfirmation: (input, context) => {
        expectTypeOf(input).toEqualTypeOf<Record<string, unknown>>();
        expectTypeOf(context).toEqualTypeOf<Context | undefined>();
        return true;
      },
    });
    new FunctionTool({
      name: "none",
      description,
      execute: (input) => expectTypeOf(input).toEqualTypeOf<Record<string, never>>(),
    });
    new FunctionTool({
      name: "wrong",
      description,
      parameters: weather.zod,
      // @ts-expect-error the schema gives a number
      execute: ({ days }: { days: string }) => days,
    });
    // @ts-expect-error a number is no schema
    const number: ToolInputParameters = 7;
    expect(() => echo(number)).toThrow(invalid("must be a schema"));
  });

  it("awaits validation that is asynchronous, and hands on what the schema made of it", async () => {
    const tool = echo(
      z.object({
        day: z.string().transform(async (text) => new Date(text)),
      }),
    );
    expect(await call(tool, { day: "2026-01-02", extra: 1 })).toEqual({
      day: new Date("2026-01-02"),
    });
  });

  it("puts type object at the root of a union of objects", async () => {
    const tool = echo(
      z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("circle"), radius: z.number() }),
        z.object({ kind: z.literal("square"), side: z.number() }),
      ]),
    );
    expect(tool._getDeclaration().parametersJsonSchema).toMatchObject({
      type: "object",
      oneOf: [{ type: "object" }, { type: "object" }],
    });
    expect(await call(tool, { kind: "square", side: 2 })).toEqual({ kind: "square", side: 2 });
  });

  it("refuses a schema that cannot be written as JSON Schema, and names the way out", () => {
    expect(() => echo(v.object({ city: v.string() }))).toThrow(
      invalid("Tool w: `parameters`: this valibot schema"),
    );
    expect(() => echo(v.object({ city: v.string() }))).toThrow(invalid("toStandardJsonSchema"));
    const { jsonSchema: _, ...standard } = weather.zod["~standard"];
    expect(() => echo({ "~standard": standard })).toThrow(invalid("zod 4.2 or newer"));
    expect(() => echo({ "~standard": { ...standard, vendor: "other" } })).toThrow(
      invalid("plain JSON Schema"),
    );
  });

  const unspeakable = {
    "zod date": z.object({ day: z.date() }),
    "zod bigint": z.object({ n: z.bigint() }),
    "valibot date": toStandardJsonSchema(v.object({ day: v.date() })),
    "arktype date": type({ day: "Date" }),
    "arktype bigint": type({ n: "bigint" }),
    "arktype map": type({ n: "Map" }),
  };
  for (const [name, schema] of Object.entries(unspeakable))
    it(`refuses what JSON Schema cannot say: ${name}`, () => {
      expect(() => echo(schema)).toThrow(invalid("cannot be said in JSON Schema"));
    });

  it("keeps what arktype narrows or parses", async () => {
    const even = type("number").narrow((n, check) => n % 2 === 0 || check.mustBe("even"));
    const tool = echo(type({ n: "string.numeric.parse", even, "note?": "string | undefined" }));
    expect(tool._getDeclaration().parametersJsonSchema).toMatchObject({
      properties: { n: { type: "string" }, even: { type: "number" } },
    });
    expect(await call(tool, { n: "7", even: 2 })).toEqual({ n: 7, even: 2 });
    expect(await call(tool, { n: "7", even: 3 })).toEqual({
      error: expect.stringContaining("even: even must be even"),
    });
  });
});

describe("FunctionTool with JSON Schema", () => {
  const parameters = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" } },
    required: ["city"],
  };

  it("declares it and drops arguments that it does not name", async () => {
    const tool = echo(parameters);
    const { $schema: _, ...said } = parameters;
    expect(tool._getDeclaration()).toEqual({
      name: "w",
      description: "w",
      parametersJsonSchema: said,
    });
    expect(await call(tool, { city: "x", unit: "F" })).toEqual({ city: "x" });
    expect(await call(tool, JSON.parse('{"city":"x","__proto__":{"polluted":1}}'))).toEqual({
      city: "x",
    });
  });

  it("tells what is missing and what is wrong, each once", async () => {
    const all = echo({ ...parameters, required: ["city", "days", "days"] });
    expect(await call(all, { city: 7 })).toEqual({
      error:
        "Invoking `w()` failed as the following mandatory input parameters are not present:\ndays\nand the following input parameters are not valid:\ncity: must be a string, got a number\nYou could retry calling this tool, but it is IMPORTANT for you to provide parameters that fit its declaration.",
    });
  });

  it("finds that an argument is missing whose name every object inherits", async () => {
    const tool = echo({ type: "object", properties: { toString: {} }, required: ["toString"] });
    expect(await call(tool, {})).toEqual({
      error: expect.stringContaining("are not present:\ntoString\n"),
    });
  });

  it("keeps other arguments where the schema lets them through", async () => {
    const args = { a: 1, b: 2 };
    expect(await call(echo({ type: "object" }), args)).toEqual(args);
    expect(await call(echo({ type: "object", properties: {} }), args)).toEqual({});
    expect(await call(echo({ properties: { a: {} }, additionalProperties: true }), args)).toEqual(
      args,
    );
    expect(await call(echo({ type: "object", additionalProperties: false }), args)).toEqual({});
    const merged = echo({
      allOf: [{ type: "object", properties: { a: {} } }, { $ref: "#/$defs/b" }],
      $defs: { b: { properties: { b: {} } } },
    });
    expect(await call(merged, { ...args, c: 3 })).toEqual(args);
  });

  it("follows a reference at the root", async () => {
    const tool = echo({ $ref: "#/$defs/city", $defs: { city: parameters } });
    expect(tool._getDeclaration().parametersJsonSchema).toMatchObject({
      type: "object",
      required: ["city"],
    });
    expect(await call(tool, { city: "x", no: 1 })).toEqual({ city: "x" });
  });

  it("is not changed by what happens to the given object, nor changes it", async () => {
    const own = structuredClone(parameters);
    const tool = echo(own);
    own.required = [];
    own.properties.city.type = "number";
    expect(await call(tool, { city: "x" })).toEqual({ city: "x" });
    expect(own).toHaveProperty("$schema");
    expect(Object.isFrozen(own)).toBe(false);
    expect(Object.isFrozen(tool._getDeclaration().parametersJsonSchema)).toBe(true);
  });

  it("takes the Schema of @google/genai, declared as it is and validated", async () => {
    const schema = {
      type: Type.OBJECT,
      properties: {
        city: { type: Type.STRING, minLength: "2", nullable: true },
        days: { type: Type.ARRAY, items: { type: Type.INTEGER } },
      },
      required: ["city"],
    };
    const tool = new FunctionTool({
      name: "w",
      description: "w",
      parameters: schema,
      execute: (input) => input,
    });
    expect(tool._getDeclaration()).toEqual({ name: "w", description: "w", parameters: schema });
    expect(await call(tool, { city: null, days: [1], x: 1 })).toEqual({ city: null, days: [1] });
    expect(await call(tool, { city: "x", days: ["1"] })).toEqual({
      error: expect.stringContaining(
        "city: must have a length of at least 2\ndays.0: must be an integer, got a string",
      ),
    });
  });
});

describe("FunctionTool", () => {
  it("takes no arguments without parameters", async () => {
    const tool = echo(undefined);
    expect(tool._getDeclaration()).toEqual({ name: "w", description: "w" });
    expect(await call(tool, { anything: 1 })).toEqual({});
  });

  it("is named after its function", () => {
    async function add(): Promise<number> {
      return 1;
    }
    expect(new FunctionTool({ description: "", execute: add }).name).toBe("add");
  });

  it("is told apart, also from another copy of the package", () => {
    const tool = echo(undefined);
    expect([isFunctionTool(tool), isBaseTool(tool)]).toEqual([true, true]);
    expect([isFunctionTool({}), isFunctionTool(null), isBaseTool("x")]).toEqual([
      false,
      false,
      false,
    ]);
    expect(isFunctionTool({ [Symbol.for("google.adk.functionTool")]: true })).toBe(true);
  });

  it("hands the context on, awaits the result and lets errors through as they are", async () => {
    const context = toolContext();
    const error = new RangeError("boom");
    const tool = new FunctionTool({
      name: "w",
      description: "",
      execute: async (_input, given) => given === context,
    });
    expect(await call(tool, {}, context)).toBe(true);
    const failing = new FunctionTool({
      name: "w",
      description: "",
      execute() {
        throw error;
      },
    });
    await expect(call(failing, {})).rejects.toBe(error);
  });

  it("keeps its options", () => {
    const options = { name: "w", description: "", execute() {} };
    expect(new FunctionTool(options)).toMatchObject({
      isLongRunning: false,
      timeoutMs: undefined,
      onRepeat: "run",
    });
    expect(
      new FunctionTool({ ...options, isLongRunning: true, timeoutMs: 5, onRepeat: "ask" }),
    ).toMatchObject({ isLongRunning: true, timeoutMs: 5, onRepeat: "ask" });
  });

  const good = { name: "w", description: "w", execute() {} };
  const bad: [string, object | undefined | null, string][] = [
    ["no options", undefined, "takes an object"],
    ["null", null, "takes an object"],
    ["no name", { description: "", execute: () => 1 }, ""],
    ["an empty name", { ...good, name: "" }, "needs a name"],
    ["a name with a blank", { ...good, name: "a b" }, "needs a name of 1–128"],
    ["a name that is too long", { ...good, name: "a".repeat(129) }, "needs a name of 1–128"],
    ["a name that is a number", { ...good, name: 7 }, "`name` must be a string, got number 7"],
    ["no description", { ...good, description: undefined }, "needs a `description`"],
    ["a description that is none", { ...good, description: 7 }, "`description` must be a string"],
    ["no function", { ...good, execute: undefined }, "needs `execute`"],
    ["a function that is none", { ...good, execute: "x" }, "`execute` must be a function"],
    ["an unknown option", { ...good, parametres: {} }, "has no option `parametres`"],
    ["a flag that is none", { ...good, isLongRunning: "yes" }, "`isLongRunning` must be a boolean"],
    [
      "a confirmation that is none",
      { ...good, requireConfirmation: "yes" },
      "`requireConfirmation` must be",
    ],
    ["a negative timeout", { ...good, timeoutMs: -1 }, "`timeoutMs` must be"],
    ["an infinite timeout", { ...good, timeoutMs: Infinity }, "`timeoutMs` must be"],
    ["another word for onRepeat", { ...good, onRepeat: "retry" }, "`onRepeat` must be"],
    [
      "a number as schema",
      { ...good, parameters: 7 },
      "`parameters` must be a schema, got number 7",
    ],
    ["a text as schema", { ...good, parameters: "string" }, "`parameters` must be a schema"],
    ["null as schema", { ...good, parameters: null }, "`parameters` must be a schema, got null"],
    ["a list as schema", { ...good, parameters: [] }, "`parameters` must be a schema"],
    ["a function as schema", { ...good, parameters: () => 1 }, "`parameters` must be a schema"],
    [
      "a map as schema",
      { ...good, parameters: new Map([["type", "object"]]) },
      "`parameters` must be a schema",
    ],
    ["an empty schema", { ...good, parameters: {} }, "got an empty object"],
    [
      "properties without a schema around",
      { ...good, parameters: { city: { type: "string" } } },
      "has no keyword of JSON Schema, only city. Give { type: ",
    ],
    ["a schema of a text", { ...good, parameters: { type: "string" } }, "must describe an object"],
    ["a zod text", { ...good, parameters: z.string() }, "must describe an object"],
    ["a zod anything", { ...good, parameters: z.any() }, "must describe an object"],
    [
      "a union with a text",
      { ...good, parameters: z.union([z.object({}), z.string()]) },
      "must describe an object",
    ],
    ["a reference to itself", { ...good, parameters: { $ref: "#" } }, "must describe an object"],
    [
      "a type that is none",
      { ...good, parameters: { type: "object", properties: { a: { type: "text" } } } },
      "Tool w: `parameters`.properties.a.type must be",
    ],
  ];
  for (const [what, options, message] of bad)
    it(`refuses ${what}`, () => {
      if (what === "no name") {
        // Written in place, the function is called `execute`, as in ADK.
        expect(new FunctionTool(options as ToolOptions).name).toBe("execute");
        return;
      }
      expect(() => new FunctionTool(options as ToolOptions)).toThrow(invalid(message));
    });

  it("refuses a schema that JSON cannot carry", () => {
    const cyclic: Record<string, unknown> = { type: "object" };
    cyclic["properties"] = { self: cyclic };
    expect(() => echo(cyclic)).toThrow(expect.objectContaining({ code: "NOT_SERIALIZABLE" }));
  });
});

describe("FunctionTool with requireConfirmation", () => {
  function pay(
    requireConfirmation: boolean | ((input: { amount: number }) => boolean | Promise<boolean>),
  ) {
    const paid: number[] = [];
    const tool = new FunctionTool({
      name: "pay",
      description: "Pays.",
      parameters: z.object({ amount: z.number() }),
      execute: ({ amount }) => ({ paid: paid.push(amount) }),
      requireConfirmation,
    });
    return { tool, paid };
  }

  it("asks before it runs, and the answer decides", async () => {
    const { tool, paid } = pay(true);
    const first = toolContext();
    expect(await call(tool, { amount: 5 }, first)).toEqual({
      error: "This tool call requires confirmation, please approve or reject.",
    });
    expect(first.actions).toMatchObject({
      skipSummarization: true,
      requestedToolConfirmations: {
        "call-1": { confirmed: false, hint: expect.stringContaining("pay()") },
      },
    });

    const rejected = toolContext({}, { toolConfirmation: { confirmed: false } });
    expect(await call(tool, { amount: 5 }, rejected)).toEqual({
      error: "This tool call is rejected.",
    });
    expect(paid).toEqual([]);

    const approved = toolContext({}, { toolConfirmation: { confirmed: true } });
    expect(await call(tool, { amount: 5 }, approved)).toEqual({ paid: 1 });
    expect(paid).toEqual([5]);
  });

  it("asks a predicate, with validated arguments", async () => {
    const { tool, paid } = pay(async ({ amount }) => amount > 100);
    expect(await tool.checkRequireConfirmation({ amount: 5 })).toBe(false);
    expect(await tool.checkRequireConfirmation({ amount: 500 })).toBe(true);
    expect(await tool.checkRequireConfirmation({ amount: "500" })).toBe(false);
    await call(tool, { amount: 5 });
    await call(tool, { amount: 500 });
    expect(paid).toEqual([5]);
  });

  it("does not ask a person about arguments that do not fit", async () => {
    const context = toolContext();
    expect(await call(pay(true).tool, {}, context)).toEqual({
      error: expect.stringContaining("amount"),
    });
    expect(context.actions.requestedToolConfirmations).toEqual({});
  });

  it("answers the flag", async () => {
    expect(await pay(true).tool.checkRequireConfirmation({})).toBe(true);
    expect(await pay(false).tool.checkRequireConfirmation({ amount: 1 })).toBe(false);
  });
});
