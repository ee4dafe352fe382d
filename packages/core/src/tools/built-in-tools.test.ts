import { describe, expect, it } from "vitest";
import { llmRequest, toolContext } from "../../test/support/tool-context.ts";
import type { Content, Part } from "../content/content.ts";
import type { Invocation } from "../context/invocation.ts";
import { encodeBase64 } from "../internal/json.ts";
import type { MemoryEntry } from "../memory/base-memory-service.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { BaseTool } from "./base-tool.ts";
import { EXIT_LOOP } from "./exit-loop-tool.ts";
import { LOAD_ARTIFACTS } from "./load-artifacts-tool.ts";
import { LOAD_MEMORY } from "./load-memory-tool.ts";
import { PRELOAD_MEMORY } from "./preload-memory-tool.ts";
import { TransferToAgentTool } from "./transfer-to-agent-tool.ts";

async function shape(
  tool: BaseTool,
  invocation: Partial<Invocation>,
  contents: Content[] = [],
): Promise<LlmRequest> {
  const request = llmRequest({ contents: [...contents] });
  await tool.processLlmRequest({ toolContext: toolContext(invocation), llmRequest: request });
  return request;
}

describe("exit_loop", () => {
  it("escalates and is not told to the model", async () => {
    const context = toolContext();
    expect(EXIT_LOOP._getDeclaration().name).toBe("exit_loop");
    expect(await EXIT_LOOP.runAsync({ args: {}, toolContext: context })).toBeNull();
    expect(context.actions).toMatchObject({ escalate: true, skipSummarization: true });
  });
});

describe("transfer_to_agent", () => {
  const tool = new TransferToAgentTool({ agentNames: ["billing", "support"] });

  it("declares the names and records the target", async () => {
    expect(tool._getDeclaration()).toMatchObject({
      name: "transfer_to_agent",
      parametersJsonSchema: {
        properties: { agent_name: { enum: ["billing", "support"] } },
        required: ["agent_name"],
      },
    });
    const context = toolContext();
    expect(
      await tool.runAsync({ args: { agent_name: "billing" }, toolContext: context }),
    ).toBeNull();
    expect(context.actions.transferToAgent).toBe("billing");
    expect("transferReason" in context.actions).toBe(false);
    const reasoned = toolContext();
    const args = { agent_name: "support", transfer_reason: "knows more" };
    await tool.runAsync({ args, toolContext: reasoned });
    expect(reasoned.actions).toMatchObject({
      transferToAgent: "support",
      transferReason: "knows more",
    });
  });

  it("takes the argument by the name that @google/adk gives it, and checks it as well", async () => {
    const context = toolContext();
    await tool.runAsync({ args: { agentName: "billing" }, toolContext: context });
    expect(context.actions.transferToAgent).toBe("billing");
    const refused = await tool.runAsync({ args: { agentName: "sales" }, toolContext: context });
    expect(refused).toEqual({ error: expect.stringContaining("agent_name: must be one of") });
  });

  it("tells the model that another name is none", async () => {
    const context = toolContext();
    expect(await tool.runAsync({ args: { agent_name: "sales" }, toolContext: context })).toEqual({
      error: expect.stringContaining('agent_name: must be one of "billing", "support"'),
    });
    expect(context.actions.transferToAgent).toBeUndefined();
  });

  it("needs somewhere to transfer to", () => {
    expect(() => new TransferToAgentTool({ agentNames: [] })).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

function memory(
  memories: MemoryEntry[] | Error,
): Partial<Invocation> & { queries: string[]; warned: string[] } {
  const queries: string[] = [];
  const warned: string[] = [];
  const invocation: Partial<Invocation> = {
    userContent: { role: "user", parts: [{ inlineData: {} }, { text: "tea?" }] },
    memoryService: {
      async searchMemory({ query }: { query: string }) {
        queries.push(query);
        if (memories instanceof Error) throw memories;
        return { memories };
      },
    } as unknown as NonNullable<Invocation["memoryService"]>, // the one method these tools call
    logger: { debug() {}, info() {}, warn: (message) => warned.push(message), error() {} },
  };
  return { ...invocation, queries, warned };
}

const TEA: MemoryEntry = {
  content: { role: "user", parts: [{ text: "I like" }, { inlineData: {} }, { text: "tea" }] },
  author: "user",
  timestamp: "2026-01-02T00:00:00Z",
};

describe("load_memory", () => {
  it("searches and gives the texts", async () => {
    const invocation = memory([TEA]);
    const context = toolContext(invocation);
    expect(await LOAD_MEMORY.runAsync({ args: { query: "tea" }, toolContext: context })).toEqual({
      memories: [{ content: "I like tea", author: "user", timestamp: "2026-01-02T00:00:00Z" }],
    });
    expect(invocation.queries).toEqual(["tea"]);
    expect(await LOAD_MEMORY.runAsync({ args: {}, toolContext: context })).toEqual({
      error: expect.stringContaining("query"),
    });
  });

  it("tells the model about memory only where there is one", async () => {
    const request = await shape(LOAD_MEMORY, memory([]));
    expect(request.toolsDict).toHaveProperty("load_memory");
    expect(request.config?.systemInstruction).toContain("load_memory");
    expect((await shape(LOAD_MEMORY, {})).config?.systemInstruction).toBeUndefined();
    await expect(
      LOAD_MEMORY.runAsync({ args: { query: "x" }, toolContext: toolContext() }),
    ).rejects.toThrow(expect.objectContaining({ code: "FAILED_PRECONDITION" }));
  });
});

describe("preload_memory", () => {
  it("adds what is remembered about the message, and no tool", async () => {
    const invocation = memory([TEA, { content: { parts: [{ inlineData: {} }] } }]);
    const request = await shape(PRELOAD_MEMORY, invocation);
    expect(invocation.queries).toEqual(["tea?"]);
    expect(request.toolsDict).toEqual({});
    expect(request.config?.systemInstruction).toContain(
      "<PAST_CONVERSATIONS>\nTime: 2026-01-02T00:00:00Z\nuser: I like tea\n</PAST_CONVERSATIONS>",
    );
  });

  it("leaves the request alone when nothing is found, nothing is said or there is no memory", async () => {
    for (const invocation of [memory([]), { ...memory([TEA]), userContent: undefined }, {}])
      expect((await shape(PRELOAD_MEMORY, invocation)).config).toBeUndefined();
  });

  it("goes on without a memory that fails, and logs it without the message", async () => {
    const invocation = memory(new RangeError("tea? is secret"));
    expect((await shape(PRELOAD_MEMORY, invocation)).config).toBeUndefined();
    expect(invocation.warned).toHaveLength(1);
    expect(invocation.warned.join()).not.toContain("tea");
  });

  it("cannot be called", async () => {
    await expect(PRELOAD_MEMORY.runAsync()).rejects.toThrow(
      expect.objectContaining({ code: "UNSUPPORTED" }),
    );
  });
});

describe("load_artifacts", () => {
  const text = (value: string): string => encodeBase64(new TextEncoder().encode(value));
  const parts: Record<string, Part> = {
    "a.png": { inlineData: { mimeType: "image/png", data: "AAAA" } },
    "a.txt": { inlineData: { mimeType: "text/plain; charset=utf-8", data: text("häuser") } },
    "a.json": { inlineData: { mimeType: "application/json", data: text("{}") } },
    "a.zip": { inlineData: { mimeType: "application/zip", data: "A".repeat(4096) } },
    "bad.txt": { inlineData: { mimeType: "text/plain", data: "/w==" } },
    "empty.bin": { inlineData: { mimeType: "application/x-y", data: "" } },
    "user:report": { text: "of the user" },
  };
  const loads: string[] = [];
  const invocation: Partial<Invocation> = {
    artifactService: {
      listArtifactKeys: async () => Object.keys(parts),
      async loadArtifact({ filename }: { filename: string }) {
        loads.push(filename);
        return parts[filename];
      },
    } as unknown as NonNullable<Invocation["artifactService"]>, // the two methods this tool calls
  };

  function asked(...names: unknown[]): Content {
    const response = { artifact_names: names, status: "" };
    return {
      role: "user",
      parts: [
        { functionResponse: { name: "other", response: {} } },
        { functionResponse: { name: "load_artifacts", response } },
      ],
    };
  }

  it("tells the names; the call only says what was asked for", async () => {
    const request = await shape(LOAD_ARTIFACTS, invocation);
    expect(request.config?.systemInstruction).toContain('"user:report"');
    expect(request.contents).toEqual([]);
    const args = { artifact_names: ["a.png"] };
    expect(await LOAD_ARTIFACTS.runAsync({ args, toolContext: toolContext() })).toMatchObject(args);
    expect(await LOAD_ARTIFACTS.runAsync({ args: {}, toolContext: toolContext() })).toMatchObject({
      artifact_names: [],
    });
    expect(
      await LOAD_ARTIFACTS.runAsync({ args: { artifact_names: "a" }, toolContext: toolContext() }),
    ).toEqual({ error: expect.stringContaining("artifact_names: must be an array") });
  });

  it("puts what was asked for behind the response, readable for any model", async () => {
    const history = [asked(...Object.keys(parts))];
    const request = await shape(LOAD_ARTIFACTS, invocation, history);
    const added = Object.fromEntries(
      request.contents.slice(1).map(({ parts: [head, part] = [] }) => [head?.text, part]),
    );
    expect(added).toEqual({
      "Artifact a.png is:": parts["a.png"],
      "Artifact a.txt is:": { text: "häuser" },
      "Artifact a.json is:": { text: "{}" },
      "Artifact a.zip is:": {
        text: "[Binary artifact: a.zip, type: application/zip, size: 3.0 KB. Content cannot be displayed inline.]",
      },
      "Artifact bad.txt is:": { text: expect.stringContaining("Binary artifact: bad.txt") },
      "Artifact empty.bin is:": { text: expect.stringContaining("No inline data") },
      "Artifact user:report is:": parts["user:report"],
    });
    expect(history).toHaveLength(1);
  });

  it("finds the user's artifacts, and asks for none that does not exist", async () => {
    loads.length = 0;
    const request = await shape(LOAD_ARTIFACTS, invocation, [asked("report", "../x", "../x", 7)]);
    expect(request.contents.slice(1)).toEqual([
      { role: "user", parts: [{ text: "Artifact report is:" }, parts["user:report"]] },
      { role: "user", parts: [{ text: "There is no artifact ../x." }] },
    ]);
    expect(loads).toEqual(["user:report"]);
  });

  it("only looks at the end of the request, and does nothing without artifacts", async () => {
    const later: Content = { role: "model", parts: [{ text: "seen" }] };
    const request = await shape(LOAD_ARTIFACTS, invocation, [asked("a.png"), later]);
    expect(request.contents).toHaveLength(2);
    const without = await shape(LOAD_ARTIFACTS, {}, [asked("a.png")]);
    expect(without.contents).toHaveLength(1);
    expect(without.config?.systemInstruction).toBeUndefined();
    expect(without.toolsDict).toHaveProperty("load_artifacts");
  });
});
