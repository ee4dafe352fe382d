import { describe, expect, it } from "vitest";
import type { LlmRequest } from "@adk/core";
import { Recorder } from "../src/recorder.ts";
import { RuleBook, type Subject } from "../src/rule-book.ts";
import type { Rule } from "../src/scenario.ts";

function book(...rules: Rule[]): { rules: RuleBook; recorder: Recorder } {
  const recorder = new Recorder();
  return { rules: new RuleBook("p1", rules, recorder), recorder };
}

function subject(members: Partial<Subject> = {}): Subject {
  return { setState: () => {}, ...members };
}

function answer(text: string): Pick<Rule, "content"> {
  return { content: { role: "model", parts: [{ text }] } };
}

describe("RuleBook", () => {
  it("notes every call, also without a rule", () => {
    const { rules, recorder } = book();
    expect(rules.call("beforeRun", subject())).toBeUndefined();
    rules.call("onEvent", subject({ agent: "a", partial: true }));
    rules.call("afterTool", subject({ agent: "a", tool: "t", partial: false }));
    expect(recorder.hooks).toEqual([
      { hook: "beforeRun", by: "p1" },
      { hook: "onEvent", by: "p1", agent: "a", partial: true },
      { hook: "afterTool", by: "p1", agent: "a", tool: "t" },
    ]);
  });

  it("chooses the first rule whose hook and filters fit", () => {
    const { rules } = book(
      { on: "afterTool", ...answer("hook") },
      { on: "beforeTool", agent: "a", ...answer("agent") },
      { on: "beforeTool", tool: "t", ...answer("tool") },
      { on: "beforeTool", ...answer("any") },
      { on: "beforeTool", ...answer("late") },
    );
    const chosen = (agent: string, tool: string): string | undefined =>
      rules.call("beforeTool", subject({ agent, tool }))?.content?.parts?.[0]?.text;
    expect([chosen("a", "t"), chosen("b", "t"), chosen("b", "u")]).toEqual([
      "agent",
      "tool",
      "any",
    ]);
  });

  it("counts what fits for each rule, whoever acts", () => {
    const { rules } = book(
      { on: "onEvent", nth: 0, ...answer("first") },
      { on: "onEvent", agent: "b", nth: 0, ...answer("first of b") },
      { on: "onEvent", nth: 2, ...answer("third") },
    );
    const texts = ["a", "b", "b", "b"].map(
      (agent) => rules.call("onEvent", subject({ agent }))?.content?.parts?.[0]?.text,
    );
    expect(texts).toEqual(["first", "first of b", "third", undefined]);
  });

  it("sets state and throws before it acts on its subject", () => {
    const state: Record<string, unknown> = {};
    const args = { city: "Oslo", days: 2 };
    const setState = (key: string, value: unknown): void => {
      state[key] = value;
    };
    const { rules } = book({ on: "beforeTool", nth: 0, setState: { k: [1] }, raises: "oops" }, {
      on: "beforeTool",
      setArgs: { city: "Rome" },
    } as Rule);
    expect(() => rules.call("beforeTool", subject({ args, setState }))).toThrow("oops");
    expect([state, args.city]).toEqual([{ k: [1] }, "Oslo"]);
    rules.call("beforeTool", subject({ args, setState }));
    expect(args).toEqual({ city: "Rome", days: 2 });
  });

  it("adds to an instruction, whatever it is made of", () => {
    const { rules } = book({ on: "beforeModel", appendInstruction: "Be kind." });
    const after = (config: LlmRequest["config"]): unknown => {
      const llmRequest: LlmRequest = { contents: [], liveConnectConfig: {}, toolsDict: {}, config };
      rules.call("beforeModel", subject({ llmRequest }));
      return llmRequest.config?.systemInstruction;
    };
    expect(after(undefined)).toBe("Be kind.");
    expect(after({ systemInstruction: "Be brief." })).toBe("Be brief.\n\nBe kind.");
    expect(after({ systemInstruction: { role: "user", parts: [{ text: "Be brief." }] } })).toEqual([
      { text: "Be brief." },
      { text: "Be kind." },
    ]);
  });

  it("hands out copies of its answers", () => {
    const { rules } = book({ on: "beforeModel", ...answer("x") });
    const first = rules.call("beforeModel", subject())?.content;
    first!.parts = [];
    expect(rules.call("beforeModel", subject())?.content?.parts).toEqual([{ text: "x" }]);
  });
});
