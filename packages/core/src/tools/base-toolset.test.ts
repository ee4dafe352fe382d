import { describe, expect, it } from "vitest";
import { llmRequest, toolContext } from "../../test/support/tool-context.ts";
import type { ReadonlyContext } from "../context/readonly-context.ts";
import { appendInstructions } from "../models/append-to-request.ts";
import { BaseTool, type RunAsyncToolRequest, type ToolProcessLlmRequest } from "./base-tool.ts";
import { BaseToolset, isBaseToolset } from "./base-toolset.ts";
import { FunctionTool, isFunctionTool } from "./function-tool.ts";

function tool(name: string): FunctionTool {
  return new FunctionTool({ name, description: name, execute: () => name, timeoutMs: 7 });
}

class Toolset extends BaseToolset {
  asked = 0;
  tools: BaseTool[] = [tool("read"), tool("write")];
  override async getTools(_context?: ReadonlyContext): Promise<BaseTool[]> {
    this.asked++;
    return this.tools;
  }
  override async close(): Promise<void> {}
}

const names = (tools: readonly BaseTool[]): string[] => tools.map(({ name }) => name);

describe("BaseToolset", () => {
  it("gives all tools without a filter, the same objects without a prefix", async () => {
    const toolset = new Toolset();
    expect(await toolset.getToolsWithPrefix(toolContext())).toEqual(toolset.tools);
    expect((await toolset.getToolsWithPrefix())[0]).toBe(toolset.tools[0]);
    expect([isBaseToolset(toolset), isBaseToolset({}), isBaseToolset(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it("filters by name, before the prefix", async () => {
    expect(names(await new Toolset(["write"], "fs").getToolsWithPrefix(toolContext()))).toEqual([
      "fs_write",
    ]);
    expect(names(await new Toolset(["none"]).getToolsWithPrefix(toolContext()))).toEqual([]);
  });

  it("asks a predicate at every request, with the context", async () => {
    const toolset = new Toolset((one, context) => one.name === context.state.get("mode"));
    const context = toolContext();
    expect(await toolset.getToolsWithPrefix(context)).toEqual([]);
    context.state.set("mode", "read");
    expect(names(await toolset.getToolsWithPrefix(context))).toEqual(["read"]);
    expect(names(await toolset.getToolsWithPrefix())).toEqual(["read", "write"]);
  });

  it("lets subclasses filter with isToolSelected", async () => {
    class Own extends Toolset {
      selected(context: ReadonlyContext): string[] {
        return names(this.tools.filter((one) => this.isToolSelected(one, context)));
      }
    }
    expect(new Own(["read"]).selected(toolContext())).toEqual(["read"]);
  });

  it("asks for its tools once for each agent of an invocation", async () => {
    const toolset = new Toolset([], "fs");
    const agent = { name: "root" };
    const one = toolContext({}, { agent });
    const [first] = await toolset.getToolsWithPrefix(one);
    const [again] = await toolset.getToolsWithPrefix(one);
    expect(again).toBe(first);
    expect(toolset.asked).toBe(1);
    await toolset.getToolsWithPrefix(toolContext({}, { agent }));
    expect(toolset.asked).toBe(2);
    const other = one.invocationContext.clone();
    await toolset.getToolsWithPrefix(Object.assign(toolContext(), { invocationContext: other }));
    expect(toolset.asked).toBe(2);
  });

  it("keeps concurrent invocations apart, and asks again after a failure", async () => {
    const toolset = new Toolset();
    const [one, two] = [toolContext(), toolContext()];
    await Promise.all([one, two, one, two].map((context) => toolset.getToolsWithPrefix(context)));
    expect(toolset.asked).toBe(2);

    class Flaky extends Toolset {
      override async getTools(): Promise<BaseTool[]> {
        if (this.asked++ === 0) throw new RangeError("offline");
        return this.tools;
      }
    }
    const flaky = new Flaky();
    await expect(flaky.getToolsWithPrefix(one)).rejects.toThrow("offline");
    expect(names(await flaky.getToolsWithPrefix(one))).toEqual(["read", "write"]);
  });

  it("refuses options that are wrong", async () => {
    const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => new Toolset("read" as never)).toThrow(refused);
    expect(() => new Toolset([1] as never)).toThrow(refused);
    expect(() => new Toolset([], 7 as never)).toThrow(refused);
    expect(() => new Toolset([], "a b")).toThrow(refused);
    await expect(new Toolset([], "x".repeat(125)).getToolsWithPrefix()).rejects.toThrow(refused);
  });
});

describe("a prefixed tool", () => {
  async function prefixed(original: BaseTool): Promise<BaseTool> {
    const toolset = new Toolset([], "fs");
    toolset.tools = [original];
    const [found] = await toolset.getToolsWithPrefix();
    if (found === undefined) throw new RangeError("no tool");
    return found;
  }

  it("is declared and called under its new name, and runs the original", async () => {
    const original = tool("read");
    const renamed = await prefixed(original);
    expect(renamed._getDeclaration()).toEqual({ name: "fs_read", description: "read" });
    expect(await renamed.runAsync({ args: {}, toolContext: toolContext() })).toBe("read");
    expect(original.name).toBe("read");
    const request = llmRequest();
    await renamed.processLlmRequest({ toolContext: toolContext(), llmRequest: request });
    expect(request.toolsDict).toEqual({ fs_read: renamed });
    expect(request.config?.tools).toEqual([
      { functionDeclarations: [{ name: "fs_read", description: "read" }] },
    ]);
  });

  it("is the same kind of tool, with the same options", async () => {
    const renamed = await prefixed(tool("read"));
    expect(isFunctionTool(renamed)).toBe(true);
    expect(renamed).toBeInstanceOf(FunctionTool);
    expect(renamed.constructor).toBe(FunctionTool);
    expect([renamed.timeoutMs, renamed.onRepeat]).toEqual([7, "run"]);
    expect(await renamed.checkRequireConfirmation({})).toBe(false);
  });

  it("may have private fields, count its calls and be frozen", async () => {
    class Counter extends BaseTool {
      #calls = 0;
      override async runAsync(_request: RunAsyncToolRequest): Promise<number> {
        return ++this.#calls;
      }
    }
    const original = Object.freeze(new Counter({ name: "count", description: "" }));
    const renamed = await prefixed(original);
    expect(renamed.name).toBe("fs_count");
    await renamed.runAsync({ args: {}, toolContext: toolContext() });
    expect(await original.runAsync({ args: {}, toolContext: toolContext() })).toBe(2);
  });

  it("may shape requests itself: what it adds is kept, under the new name", async () => {
    class Shaping extends BaseTool {
      override _getDeclaration() {
        return { name: this.name, description: "" };
      }
      override async runAsync(): Promise<unknown> {
        return 1;
      }
      override async processLlmRequest(request: ToolProcessLlmRequest): Promise<void> {
        await super.processLlmRequest(request);
        appendInstructions(request.llmRequest, ["Use it."]);
        request.llmRequest.contents.push({ role: "user", parts: [{ text: "more" }] });
        const { config } = request.llmRequest;
        if (config) config.tools = [...(config.tools ?? []), { googleSearch: {} }];
      }
    }
    const renamed = await prefixed(new Shaping({ name: "read", description: "" }));
    const request = llmRequest({ config: { systemInstruction: "Be kind." } });
    // Another tool of the original name is no obstacle.
    await tool("read").processLlmRequest({ toolContext: toolContext(), llmRequest: request });
    await renamed.processLlmRequest({ toolContext: toolContext(), llmRequest: request });
    expect(Object.keys(request.toolsDict)).toEqual(["read", "fs_read"]);
    expect(request.toolsDict["fs_read"]).toBe(renamed);
    expect(request.config).toEqual({
      systemInstruction: "Be kind.\n\nUse it.",
      tools: [
        {
          functionDeclarations: [
            { name: "read", description: "read" },
            { name: "fs_read", description: "" },
          ],
        },
        { googleSearch: {} },
      ],
    });
    expect(request.contents).toHaveLength(1);
  });
});
