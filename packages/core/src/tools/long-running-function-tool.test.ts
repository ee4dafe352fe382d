import { describe, expect, it } from "vitest";
import { z } from "zod";
import { toolContext } from "../../test/support/tool-context.ts";
import { FunctionTool, isFunctionTool } from "./function-tool.ts";
import { LongRunningFunctionTool, waitOf } from "./long-running-function-tool.ts";
import { renameTool } from "./renamed-tool.ts";

describe("LongRunningFunctionTool", () => {
  const options = {
    name: "approve",
    description: "Asks for approval.",
    parameters: z.object({ amount: z.number() }),
    execute: ({ amount }: { amount: number }) => ({ ticket: amount }),
  };

  it("is long running and tells the model not to call again", async () => {
    const tool = new LongRunningFunctionTool(options);
    expect(tool.isLongRunning).toBe(true);
    expect(isFunctionTool(tool)).toBe(true);
    expect(tool.description).toBe("Asks for approval.");
    const note = "The result comes later. While a call is pending, do not make it again.";
    expect(tool._getDeclaration().description).toBe(`Asks for approval.\n\n${note}`);
    expect(tool._getDeclaration().description).toBe(`Asks for approval.\n\n${note}`);
    expect(
      new LongRunningFunctionTool({ ...options, description: "" })._getDeclaration().description,
    ).toBe(note);
    expect(await tool.runAsync({ args: { amount: 3 }, toolContext: toolContext() })).toEqual({
      ticket: 3,
    });
  });

  it("reads the schema of its answers", async () => {
    const tool = new LongRunningFunctionTool({
      ...options,
      responseSchema: z.enum(["yes", "no"]),
      expiresInMs: 60_000,
    });
    expect(tool.expiresInMs).toBe(60_000);
    expect(tool.responseSchema?.jsonSchema).toEqual({ type: "string", enum: ["yes", "no"] });
    expect(await tool.responseSchema?.validate("yes")).toEqual({ value: "yes" });
    expect(await tool.responseSchema?.validate("maybe")).toHaveProperty("issues");
    const plain = new LongRunningFunctionTool({ ...options, responseSchema: { type: "boolean" } });
    expect(await plain.responseSchema?.validate("yes")).toEqual({
      issues: [{ message: "must be a boolean, got a string", path: [] }],
    });
    const without = new LongRunningFunctionTool(options);
    expect([without.responseSchema, without.expiresInMs]).toEqual([undefined, undefined]);
  });

  it("says until when, and for what, a call waits", () => {
    const responseSchema = { type: "boolean" };
    const tool = new LongRunningFunctionTool({ ...options, responseSchema, expiresInMs: 0.5 });
    expect(waitOf(tool, 1_000)).toEqual({ expiresAt: 1_001, responseSchema });
    expect(waitOf(renameTool(tool, "other"), 1_000)).toEqual({ expiresAt: 1_001, responseSchema });
    expect(waitOf(new LongRunningFunctionTool({ ...options, expiresInMs: 5 }), 1)).toEqual({
      expiresAt: 6,
    });
    expect(waitOf(new LongRunningFunctionTool(options), 1)).toBeUndefined();
    expect(waitOf(new FunctionTool(options), 1)).toBeUndefined();
  });

  it("refuses options that are wrong", () => {
    const refused = (bad: object, message: string): void =>
      expect(() => new LongRunningFunctionTool({ ...options, ...bad })).toThrow(
        expect.objectContaining({
          code: "INVALID_ARGUMENT",
          message: expect.stringContaining(message),
        }),
      );
    refused({ expiresInMs: 0 }, "`expiresInMs` must be");
    refused({ expiresInMs: "1" }, "`expiresInMs` must be");
    refused({ responseSchema: 7 }, "`responseSchema` must be a schema");
    refused({ responseSchema: z.date() }, "`responseSchema`: a part of this zod schema");
    refused({ expires: 7 }, "has no option `expires`");
  });
});
