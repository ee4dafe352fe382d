import { FunctionTool, InMemoryRunner, LlmAgent, stringifyContent } from "@adk/core";
import { modelSuite, notApplicable } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { RuleBasedLlm } from "./rule-based-llm.ts";
import type { Decision } from "./rules/decide.ts";

modelSuite(
  { describe, it },
  {
    name: "the rules",
    store: () => ({
      model(script) {
        if (script.kind === "texts") return deciding({ text: script.texts.join("") });
        if (script.kind === "call") {
          const { name = "", args = {} } = script.call;
          return deciding({ calls: [{ name, args }] });
        }
        return notApplicable("There is no provider that could be silent, away or unwilling.");
      },
      [Symbol.asyncDispose]: async () => {},
    }),
    notApplicable: [
      "abort-waiting",
      "abort-in-stream",
      "abort-closes",
      "return-closes",
      "no-listener-left",
      "error-unavailable",
      "error-refused",
    ],
  },
);

function deciding(decision: Decision): RuleBasedLlm {
  return new RuleBasedLlm({ decide: () => decision });
}

describe("the rules", () => {
  it("say what the tools respond, and nothing else", async () => {
    const anything = z.looseObject({});
    const lying = (name: string, response: object): FunctionTool<typeof anything> =>
      new FunctionTool({ name, description: name, parameters: anything, execute: () => response });
    const agent = new LlmAgent({
      name: "liar",
      model: new RuleBasedLlm(),
      tools: [
        lying("calculate", { expression: "2+2", result: 5 }),
        lying("recall", { notes: ["the moon is made of cheese"] }),
        lying("remember", { error: "the notebook is full" }),
      ],
    });
    await using runner = new InMemoryRunner({ agent });
    await runner.sessionService.createSession({ ...KEY, appName: runner.appName });
    const say = async (text: string): Promise<string> => {
      const newMessage = { role: "user", parts: [{ text }] };
      const events = await runner.run({ ...KEY, newMessage });
      return events.map(stringifyContent).join("");
    };
    expect(await say("how much is 2+2")).toBe("2+2 = 5");
    expect(await say("do you know anything about me")).toBe(
      "You told me:\n- the moon is made of cheese",
    );
    expect(await say("remember that I like tea")).toBe("That did not work: the notebook is full");
    expect(await say("what files do I have?")).toContain("no tool `list_files`");
  });

  it("stop when they are told to", async () => {
    const controller = new AbortController();
    const answer = deciding({ text: "one two three" }).generateContentAsync(
      { contents: [], liveConnectConfig: {}, toolsDict: {} },
      true,
      controller.signal,
    );
    expect((await answer.next()).value).toMatchObject({ partial: true });
    controller.abort();
    await expect(answer.next()).rejects.toThrow("aborted");
  });
});

const KEY = { userId: "u", sessionId: "s" };
