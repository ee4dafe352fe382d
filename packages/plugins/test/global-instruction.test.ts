import { AgentTool, LlmAgent, type ReadonlyContext } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { GlobalInstructionPlugin } from "../src/global-instruction/index.ts";
import { prependInstruction } from "../src/global-instruction/prepend-instruction.ts";
import { calls, SSE, STORES, world } from "./support/world.ts";

describe.each(STORES)("GlobalInstructionPlugin on %s", (store) => {
  it("stands in front of every agent's own instruction, in agent tools too, streamed or not", async () => {
    const inner = new ScriptedLlm({ turns: ["in"] });
    const helper = new LlmAgent({ name: "helper", model: inner, instruction: "Help." });
    const model = new ScriptedLlm({ turns: [calls(["helper", "c1", { request: "x" }]), "out"] });
    const root = new LlmAgent({
      name: "root",
      model,
      instruction: "Be kind.",
      tools: [new AgentTool({ agent: helper })],
    });
    await using w = await world(store);
    const { say } = await w.process({ root, plugins: [new GlobalInstructionPlugin("Rule one.")] });
    await say("hi", SSE);
    const asked = [...model.requests, ...inner.requests].map(
      (request) => request.systemInstruction,
    );
    expect(asked).toHaveLength(3);
    for (const text of asked) expect(text).toMatch(/^Rule one\.\n\n(?:Be kind|Help)\./);
  });

  it("is filled from the state as it is then, and again when the run is resumed", async () => {
    const model = new ScriptedLlm({ turns: ["one", "two"] });
    const root = new LlmAgent({ name: "root", model });
    await using w = await world(store);
    const parts = { root, plugins: [new GlobalInstructionPlugin("Speak {user:language?}.")] };
    const first = await w.process(parts);
    await first.say("hi", { stateDelta: { "user:language": "Latin" } });
    await (await w.process(parts)).say("more");
    expect(
      model.requests.map(({ systemInstruction }) => systemInstruction.split("\n\n")[0]),
    ).toEqual(["Speak Latin.", "Speak Latin."]);
  });
});

describe("GlobalInstructionPlugin", () => {
  it("takes the text of a function as it is, and gives it a context that only reads", async () => {
    const model = new ScriptedLlm({ turns: ["one"] });
    const root = new LlmAgent({ name: "root", model });
    await using w = await world();
    let refused: unknown;
    const provider = ({ agentName, state }: ReadonlyContext): string => {
      try {
        (state as unknown as { set(key: string, value: unknown): void }).set("x", 1);
      } catch (error) {
        refused = error;
      }
      return `{literal} for ${agentName}`;
    };
    const { say } = await w.process({ root, plugins: [new GlobalInstructionPlugin(provider)] });
    await say("hi");
    expect(model.requests[0]?.systemInstruction).toMatch(/^\{literal\} for root/);
    expect(refused).toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("fails the run for a name that is not set, and refuses what is no instruction", async () => {
    const root = new LlmAgent({ name: "root", model: new ScriptedLlm({ turns: ["never"] }) });
    await using w = await world();
    const { say } = await w.process({ root, plugins: [new GlobalInstructionPlugin("{missing}")] });
    await expect(say("hi")).rejects.toMatchObject({
      code: "PLUGIN_FAILED",
      cause: { code: "FAILED_PRECONDITION" },
    });
    expect(() => new GlobalInstructionPlugin(7 as never)).toThrow(/takes a text/);
  });

  it.each([
    ["a text", "own", "all\n\nown"],
    ["nothing", undefined, "all"],
    ["a content", { parts: [{ text: "own" }] }, { parts: [{ text: "all" }, { text: "own" }] }],
    ["a part", { text: "own" }, { parts: [{ text: "all" }, { text: "own" }] }],
    [
      "a list",
      ["own", { text: "too" }],
      { parts: [{ text: "all" }, { text: "own" }, { text: "too" }] },
    ],
  ])("fits in front of %s", (_what, systemInstruction, expected) => {
    const request = {
      contents: [],
      liveConnectConfig: {},
      toolsDict: {},
      config: systemInstruction === undefined ? {} : { systemInstruction },
    };
    prependInstruction(request, "all");
    expect(request.config).toEqual({ systemInstruction: expected });
  });
});
