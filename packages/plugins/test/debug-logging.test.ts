import { readFile, stat } from "node:fs/promises";
import { LlmAgent } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { freshFolder } from "@adk/test-services";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { DebugLoggingPlugin, type DebugLoggingPluginOptions } from "../src/debug-logging/index.ts";
import { calls, SSE, tool, world } from "./support/world.ts";

interface Document {
  invocation_id: string;
  session_id: string;
  outcome: string;
  error?: { code: string; message: string };
  session_state?: Record<string, unknown>;
  entries: ({ type: string; agent?: string } & Record<string, unknown>)[];
}

async function documents(path: string): Promise<Document[]> {
  const parsed = parseAllDocuments(await readFile(path, "utf8"));
  return [...parsed].map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Document;
  });
}

const look = tool("look", (_args, { state }) => {
  state.set("seen", "--- # yes: no\nsecond line");
  return { found: true };
});

describe.each([
  ["memory", "fail"],
  ["sqlite", "fail"],
  ["sqlite", "isolate"],
] as const)("DebugLoggingPlugin on %s (%s)", (store, onFailure) => {
  it("writes one document an invocation, with all of it", async () => {
    await using folder = await freshFolder();
    const outputPath = `${folder.path}/logs/debug.yaml`;
    const turns = [calls(["look", "c1", { at: "Rome" }]), "seen", "again"];
    const root = new LlmAgent({
      name: "root",
      instruction: "Be kind.",
      model: new ScriptedLlm({ turns }),
      tools: [look],
    });
    await using w = await world(store);
    const { say } = await w.process({
      root,
      plugins: [new DebugLoggingPlugin({ outputPath, onFailure })],
    });
    const image = { inlineData: { mimeType: "image/png", data: "iVBORw0KGgo=" } };
    await say({ role: "user", parts: [{ text: "hi" }, image] }, { invocationId: "e-1", ...SSE });
    await say("more", { invocationId: "e-2" });
    const [first, second, ...others] = await documents(outputPath);
    expect(others).toEqual([]);
    expect([first?.invocation_id, second?.invocation_id]).toEqual(["e-1", "e-2"]);
    expect(first).toMatchObject({ outcome: "ended", session_id: "s" });
    expect(first?.session_state).toEqual({ seen: "--- # yes: no\nsecond line" });
    const types = first?.entries.map(({ type }) => type) ?? [];
    expect([...new Set(types)]).toEqual([
      "user_message",
      "run_start",
      "agent_start",
      "llm_request",
      "llm_response",
      "event",
      "tool_call",
      "tool_response",
      "agent_end",
    ]);
    const request = first?.entries.find(({ type }) => type === "llm_request");
    expect(request).toMatchObject({ agent: "root", tools: ["look"] });
    expect(request?.["system_instruction"]).toContain("Be kind.");
    expect(first?.entries.find(({ type }) => type === "tool_call")).toMatchObject({
      call_id: "c1",
      args: { at: "Rome" },
    });
    const text = await readFile(outputPath, "utf8");
    expect(text).toContain("[8 bytes]");
    expect(text).not.toContain("iVBORw0KGgo=");
    expect((await stat(outputPath)).mode & 0o777).toBe(0o600);
  });

  it("writes what was left and what is resumed, each as a document of the invocation", async () => {
    await using folder = await freshFolder();
    const outputPath = `${folder.path}/debug.yaml`;
    const model = new ScriptedLlm({ turns: [calls(["look", "c1"]), "seen"] });
    const root = new LlmAgent({ name: "root", model, tools: [look] });
    await using w = await world(store);
    const process = () =>
      w.process({ root, plugins: [new DebugLoggingPlugin({ outputPath, onFailure })] });
    await (await process()).sayAndLeave("hi", 1, { invocationId: "e-1" });
    await (await process()).say(undefined, { invocationId: "e-1" });
    const written = await documents(outputPath);
    expect(written.map(({ invocation_id }) => invocation_id)).toEqual(["e-1", "e-1"]);
    expect(written[1]?.entries[0]).toMatchObject({ type: "run_start", resumed: true });
  });
});

describe("DebugLoggingPlugin", () => {
  it("writes failed runs, and leaves out what it is told to", async () => {
    await using folder = await freshFolder();
    const outputPath = `${folder.path}/debug.yaml`;
    const options: DebugLoggingPluginOptions = {
      outputPath,
      includeSessionState: false,
      includeSystemInstruction: false,
      maxTextLength: 3,
    };
    const model = new ScriptedLlm({ turns: [new Error("no model")] });
    const root = new LlmAgent({ name: "root", instruction: "Be kind.", model });
    await using w = await world();
    const { say } = await w.process({ root, plugins: [new DebugLoggingPlugin(options)] });
    await expect(say("hello")).rejects.toMatchObject({ code: "MODEL_FAILED" });
    const [document] = await documents(outputPath);
    expect(document).toMatchObject({ outcome: "failed", error: { code: "MODEL_FAILED" } });
    expect(document).not.toHaveProperty("session_state");
    expect(document?.entries[0]).toMatchObject({ content: { parts: [{ text: "hel…" }] } });
    expect(document?.entries.find(({ type }) => type === "llm_request")).not.toHaveProperty(
      "system_instruction",
    );
  });

  it("keeps the documents of runs at the same time apart", async () => {
    await using folder = await freshFolder();
    const outputPath = `${folder.path}/debug.yaml`;
    const model = new ScriptedLlm({ turns: ["x"], repeat: true });
    const root = new LlmAgent({ name: "root", model });
    await using w = await world();
    const { say } = await w.process({
      root,
      plugins: [new DebugLoggingPlugin({ outputPath })],
      autoCreateSession: true,
    });
    await Promise.all(Array.from({ length: 12 }, (_, n) => say(`hi ${n}`, { sessionId: `s${n}` })));
    const written = await documents(outputPath);
    expect(written.map(({ session_id }) => session_id).sort()).toEqual(
      Array.from({ length: 12 }, (_, n) => `s${n}`).sort(),
    );
    for (const { session_id, entries } of written)
      expect(JSON.stringify(entries[0])).toContain(`hi ${session_id.slice(1)}"`);
  });

  it("ends no run when the file cannot be written", async () => {
    await using folder = await freshFolder();
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["x"] }) });
    await using w = await world();
    const plugins = [new DebugLoggingPlugin({ outputPath: folder.path })];
    const { say } = await w.process({ root, plugins });
    await say("hi");
    expect(w.logged).toContain(`Plugin debug_logging_plugin could not write ${folder.path}.`);
  });
});
