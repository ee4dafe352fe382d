import { describe, expect, it } from "vitest";
import { BuiltInPlanner, FunctionTool, LlmAgent, PlanReActPlanner } from "../../src/index.ts";
import { ScriptedLlm } from "../../src/testing/index.ts";
import { engine } from "./support.ts";

const look = new FunctionTool({
  name: "look",
  description: "Looks.",
  execute: () => ({ seen: 1 }),
});

describe("planners", () => {
  it("the built-in one puts its thinking on every request", async () => {
    const model = new ScriptedLlm({ turns: ["ok"] });
    const planner = new BuiltInPlanner({ thinkingConfig: { thinkingBudget: 100 } });
    await using e = await engine({ agent: new LlmAgent({ name: "root", model, planner }) });
    await e.say("hi");
    expect(model.requests[0]?.config?.thinkingConfig).toEqual({ thinkingBudget: 100 });
  });

  it("plan-react keeps the plan as thoughts, the first calls in a row, and the answer", async () => {
    const model = new ScriptedLlm({
      turns: [
        {
          content: {
            role: "model",
            parts: [
              { text: "/*PLANNING*/ 1. look" },
              { functionCall: { name: "look", args: {} } },
              { text: "and so on" },
            ],
          },
        },
        "/*REASONING*/ it is there /*FINAL_ANSWER*/ One.",
      ],
    });
    await using e = await engine({
      agent: new LlmAgent({
        name: "root",
        model,
        tools: [look],
        planner: new PlanReActPlanner(),
        outputKey: "answer",
      }),
    });
    const events = await e.say("hi");
    const parts = events[0]?.content?.parts ?? [];
    expect(
      parts.map((part) => [part.thought ?? false, part.functionCall?.name ?? part.text]),
    ).toEqual([
      [true, "/*PLANNING*/ 1. look"],
      [false, "look"],
    ]);
    expect(events.at(-1)?.content?.parts).toEqual([
      { text: "/*REASONING*/ it is there ", thought: true },
      { text: " One." },
    ]);
    expect((await e.session()).state["answer"]).toBe(" One.");
    expect(String(model.requests[0]?.config?.systemInstruction)).toContain("/*FINAL_ANSWER*/");
    // The plan is part of the history that the model reads next.
    expect(model.requests[1]?.contents[1]?.parts?.[0]).toEqual({ text: "/*PLANNING*/ 1. look" });
  });
});
