import { describe, expect, it } from "vitest";
import type { FunctionDeclaration } from "../content/content.ts";
import { BaseTool } from "../tools/base-tool.ts";
import { appendInstructions, appendTools, setOutputSchema } from "./append-to-request.ts";
import type { LlmRequest } from "./llm-request.ts";

class NamedTool extends BaseTool {
  readonly #declared: boolean;

  constructor(name: string, description = `does ${name}`, declared = true) {
    super({ name, description });
    this.#declared = declared;
  }

  override _getDeclaration(): FunctionDeclaration | undefined {
    return this.#declared ? { name: this.name, description: this.description } : undefined;
  }

  override async runAsync(): Promise<unknown> {
    return undefined;
  }
}

function makeRequest(config?: LlmRequest["config"]): LlmRequest {
  return { contents: [], liveConnectConfig: {}, toolsDict: {}, ...(config && { config }) };
}

describe("appendInstructions", () => {
  it("joins texts with blank lines, behind what stands there", () => {
    const request = makeRequest();
    appendInstructions(request, ["one", "two"]);
    appendInstructions(request, []);
    appendInstructions(request, ["three"]);
    expect(request.config?.systemInstruction).toBe("one\n\ntwo\n\nthree");
  });

  it("adds a part to an instruction that is a content, a part or parts, without editing it", () => {
    const content = Object.freeze({ role: "system", parts: Object.freeze([{ text: "one" }]) });
    const request = makeRequest({ systemInstruction: content as never });
    appendInstructions(request, ["two"]);
    expect(request.config?.systemInstruction).toEqual({
      role: "system",
      parts: [{ text: "one" }, { text: "two" }],
    });
    expect(content.parts).toHaveLength(1);
    for (const systemInstruction of [{ text: "one" }, ["one"], [{ text: "one" }]]) {
      const other = makeRequest({ systemInstruction });
      appendInstructions(other, ["two"]);
      expect(other.config?.systemInstruction).toEqual({
        parts: [{ text: "one" }, { text: "two" }],
      });
    }
  });
});

describe("appendTools", () => {
  it("puts all declarations into one entry, beside the model's own tools", () => {
    const own = Object.freeze([Object.freeze({ googleSearch: {} })]);
    const request = makeRequest({ tools: own as never });
    const [a, b, c] = [new NamedTool("a"), new NamedTool("b"), new NamedTool("c")];
    appendTools(request, [a, b]);
    const before = request.config?.tools;
    appendTools(request, [c]);
    expect(request.config?.tools).toMatchObject([
      { googleSearch: {} },
      { functionDeclarations: [{ name: "a" }, { name: "b" }, { name: "c" }] },
    ]);
    expect(before?.[1]).toMatchObject({ functionDeclarations: [{ name: "a" }, { name: "b" }] });
    expect(request.toolsDict).toEqual({ a, b, c });
  });

  it("adds nothing for a tool without a declaration, and one tool only once", () => {
    const request = makeRequest();
    const tool = new NamedTool("a");
    appendTools(request, [new NamedTool("shape", "shapes", false)]);
    expect(request.config).toBeUndefined();
    appendTools(request, [tool, tool]);
    appendTools(request, [tool]);
    expect(request.config?.tools).toEqual([
      { functionDeclarations: [{ name: "a", description: "does a" }] },
    ]);
  });

  it("refuses two tools of one name and names both", () => {
    const request = makeRequest();
    expect(() =>
      appendTools(request, [new NamedTool("a", "first"), new NamedTool("a", "second")]),
    ).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
    const other = makeRequest();
    appendTools(other, [new NamedTool("a", "first")]);
    expect(() => appendTools(other, [new NamedTool("a", "second")])).toThrow(
      /NamedTool \("first"\) and a NamedTool \("second"\)/,
    );
  });

  it("takes names that objects have already", () => {
    const request = makeRequest();
    appendTools(request, [new NamedTool("constructor"), new NamedTool("__proto__")]);
    expect(Object.keys(request.toolsDict)).toEqual(["constructor", "__proto__"]);
    expect(Object.getPrototypeOf(request.toolsDict)).toBe(Object.prototype);
  });
});

describe("setOutputSchema", () => {
  it("asks for JSON", () => {
    const request = makeRequest();
    setOutputSchema(request, { type: "object" });
    expect(request.config).toEqual({
      responseSchema: { type: "object" },
      responseMimeType: "application/json",
    });
  });
});
