import { describe, expect, it } from "vitest";
import { llmRequest, toolContext } from "../../test/support/tool-context.ts";
import { BaseExampleProvider, type Example, ExampleTool } from "./example-tool.ts";
import { GetUserChoiceTool } from "./get-user-choice-tool.ts";

const example: Example = {
  input: { role: "user", parts: [{ text: "roll a die" }] },
  output: [
    { role: "model", parts: [{ functionCall: { name: "roll", args: { sides: 6 } } }] },
    { role: "user", parts: [{ functionResponse: { name: "roll", response: { value: 4 } } }] },
    { role: "model", parts: [{ text: "A four." }] },
  ],
};
const userContent = { role: "user", parts: [{ text: "roll two" }] };

describe("ExampleTool", () => {
  it("writes the examples into the system instruction and is no tool to call", async () => {
    const request = llmRequest();
    await new ExampleTool([example]).processLlmRequest({
      toolContext: toolContext({ userContent }),
      llmRequest: request,
    });
    const text = String(request.config?.systemInstruction);
    for (const piece of ["roll a die", 'roll({"sides":6})', '{"value":4}', "A four."])
      expect(text).toContain(piece);
    expect(request.config?.tools).toBeUndefined();
  });

  it("asks a provider with the user's words", async () => {
    const asked: string[] = [];
    class Provider extends BaseExampleProvider {
      override async getExamples(query: string): Promise<Example[]> {
        asked.push(query);
        return [];
      }
    }
    const request = llmRequest();
    await new ExampleTool(new Provider()).processLlmRequest({
      toolContext: toolContext({ userContent }),
      llmRequest: request,
    });
    expect(asked).toEqual(["roll two"]);
    expect(request.config?.systemInstruction).toBeUndefined();
  });

  it("refuses what is neither", () => {
    expect(() => new ExampleTool([{} as Example])).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("GetUserChoiceTool", () => {
  it("waits for the user's choice", async () => {
    const context = toolContext();
    const tool = new GetUserChoiceTool();
    expect(tool.isLongRunning).toBe(true);
    expect(await tool.runAsync({ args: { options: ["a", "b"] }, toolContext: context })).toBeNull();
    expect(context.actions.skipSummarization).toBe(true);
  });
});
