import { LlmAgent } from "@adk/core";
import { ScriptedLlm, type ScriptedTurn } from "@adk/core/testing";
import { describe, expect, it, vi } from "vitest";
import { LoggingPlugin, type LoggingPluginOptions } from "../src/logging/index.ts";
import { calls, SSE, type STORES, tool, world } from "./support/world.ts";

const SECRET = "tell nobody";

async function trace(
  options: LoggingPluginOptions = {},
  { store = "memory", turns }: { store?: (typeof STORES)[number]; turns?: ScriptedTurn[] } = {},
): Promise<string[]> {
  const lines: string[] = [];
  const model = new ScriptedLlm({
    model: "scripted-1",
    turns: turns ?? [
      {
        ...calls(["look", "c1", { place: SECRET }], ["fail", "c2"]),
        usageMetadata: { promptTokenCount: 12, candidatesTokenCount: 5 },
      },
      SECRET,
    ],
  });
  const look = tool("look", async (_args, context) => {
    context.state.set("seen", SECRET);
    await context.saveArtifact("map.txt", { text: SECRET });
    return { result: SECRET };
  });
  const fail = tool("fail", () => {
    throw new RangeError(SECRET);
  });
  const root = new LlmAgent({ name: "root", model, tools: [look, fail] });
  await using w = await world(store);
  const plugins = [new LoggingPlugin({ write: (line) => void lines.push(line), ...options })];
  const { say } = await w.process({ root, plugins, newId: counter() });
  const runConfig = { ...SSE.runConfig, maxConcurrentTools: 1 };
  await say(SECRET, { invocationId: "e-1", runConfig }).catch(() => undefined);
  return lines;
}

function counter(): () => string {
  let ids = 0;
  return () => `id-${++ids}`;
}

describe("LoggingPlugin", () => {
  it.each([
    ["memory", "fail"],
    ["sqlite", "fail"],
    ["memory", "isolate"],
  ] as const)(
    "tells a run step by step, without what was said (%s, %s)",
    async (store, onFailure) => {
      const lines = await trace({ onFailure }, { store });
      const told = lines.map((line) => line.replace(/event \S+ of/, "event of"));
      expect(told).toEqual(
        [
          "session s of user u",
          "user says: text (11 characters)",
          "run starts with agent root",
          "agent root starts",
          "agent root asks scripted-1: 1 contents, tools look, fail",
          "agent root is answered: call look, call fail, 12 + 5 tokens, streamed in 2 pieces, 0 ms",
          "event of root: call look, call fail",
          "tool look starts (call c1)",
          "tool look returns (call c1), 0 ms",
          "tool fail starts (call c2)",
          "tool fail fails: RangeError (call c2)",
          "tool fail returns (call c2), 0 ms",
          "event of root: response of look, response of fail; state seen; artifacts map.txt v0",
          "agent root asks scripted-1: 3 contents, tools look, fail",
          "agent root is answered: text (11 characters), streamed in 2 pieces, 0 ms",
          "event of root: text (11 characters)",
          "event of root: end of agent",
          "agent root ends",
          "run ends",
        ].map((expected) => `[logging_plugin] e-1 +0.000s ${expected}`),
      );
      expect(lines.join("\n")).not.toContain(SECRET);
    },
  );

  it("shows what was said when told to, cut", async () => {
    const lines = (await trace({ payloads: true, maxTextLength: 4, maxArgsLength: 12 })).join("\n");
    expect(lines).toContain('user says: text "tell…"');
    expect(lines).toContain('tool look starts {"place":"te… (call c1)');
    expect(lines).toContain('tool fail fails: RangeError "tell…" (call c2)');
    expect(lines).not.toContain(SECRET);
    expect((await trace({ payloads: true })).join("\n")).toContain(SECRET);
  });

  it("tells of failures, and of runs that are resumed", async () => {
    const failed = (await trace({}, { turns: [new Error(SECRET)] })).map((line) =>
      line.split("s ").slice(1).join("s "),
    );
    expect(failed.slice(-4)).toEqual([
      "agent root gets no answer: Error, 0 ms",
      "agent root fails: MODEL_FAILED",
      expect.stringMatching(/error MODEL_FAILED$/),
      "run fails: MODEL_FAILED",
    ]);
    const lines: string[] = [];
    const model = new ScriptedLlm({ turns: [calls(["look", "c1"]), "done"] });
    const root = new LlmAgent({ name: "root", model, tools: [tool("look", () => 1)] });
    await using w = await world("sqlite");
    const process = () =>
      w.process({ root, plugins: [new LoggingPlugin({ write: (line) => void lines.push(line) })] });
    await (await process()).sayAndLeave("hi", 1, { invocationId: "e-1" });
    lines.length = 0;
    await (await process()).say(undefined, { invocationId: "e-1" });
    expect(lines[0]).toContain("run starts with agent root, where it was left");
    expect(lines.join("\n")).not.toContain("user says");
  });

  it("ends no run when a line cannot be written, and writes to the console by default", async () => {
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["a", "b"] }) });
    await using w = await world();
    const write = (): void => {
      throw new Error("full");
    };
    const { say } = await w.process({ root, plugins: [new LoggingPlugin({ write })] });
    expect((await say("hi")).length).toBeGreaterThan(0);
    expect(w.logged).toContain("Plugin logging_plugin could not write a line.");
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    try {
      await (await w.process({ root, plugins: [new LoggingPlugin()] })).say("hi");
      expect(log.mock.calls.flat().at(-1)).toMatch(/^\[logging_plugin\] e-\S+ \+0\.000s run ends$/);
    } finally {
      log.mockRestore();
    }
  });
});
