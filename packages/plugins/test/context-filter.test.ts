import { type Content, LlmAgent, LoopAgent } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import {
  ContextFilterPlugin,
  type ContextFilterPluginOptions,
} from "../src/context-filter/index.ts";
import { keepLastInvocations } from "../src/context-filter/keep-last-invocations.ts";
import { calls, SSE, STORES, tool, world } from "./support/world.ts";

const user = (text: string): Content => ({ role: "user", parts: [{ text }] });
const model = (text: string): Content => ({ role: "model", parts: [{ text }] });
const call = (id: string): Content => ({
  role: "model",
  parts: [{ functionCall: { id, name: "ping", args: {} } }],
});
const response = (id: string): Content => ({
  role: "user",
  parts: [{ functionResponse: { id, name: "ping", response: {} } }],
});

/** What is said, or done, in each content. */
function words(contents: readonly Content[]): string[] {
  return contents.map(({ parts }) => {
    const { text, functionCall, functionResponse } = parts?.[0] ?? {};
    return text ?? (functionCall ? `call ${functionCall.id}` : `response ${functionResponse?.id}`);
  });
}

async function lastRequest(
  options: ContextFilterPluginOptions,
  store: (typeof STORES)[number] = "memory",
): Promise<{ words: string[]; logged: string[]; stored: number }> {
  const llm = new ScriptedLlm({
    turns: ["a1", calls(["ping", "c1"]), "a2", calls(["ping", "c2"]), "a3"],
  });
  const root = new LlmAgent({ name: "root", model: llm, tools: [tool("ping", () => "pong")] });
  await using w = await world(store);
  const { say } = await w.process({ root, plugins: [new ContextFilterPlugin(options)] });
  for (const message of ["q1", "q2"]) await say(message, SSE);
  // The third comes from another process, which was cut off behind the call and is resumed.
  await (
    await w.process({ root, plugins: [new ContextFilterPlugin(options)] })
  ).sayAndLeave("q3", 1, {
    invocationId: "e-3",
  });
  await (
    await w.process({ root, plugins: [new ContextFilterPlugin(options)] })
  ).say(undefined, {
    invocationId: "e-3",
  });
  llm.assertConsumed();
  return {
    words: words(llm.requests.at(-1)?.contents ?? []),
    logged: w.logged,
    stored: (await w.log()).length,
  };
}

describe.each(STORES)("ContextFilterPlugin on %s", (store) => {
  it("keeps the last invocations, pairs included, and the log whole", async () => {
    const all = await lastRequest({}, store);
    expect(all.words).toEqual([
      "q1",
      "a1",
      "q2",
      "call c1",
      "response c1",
      "a2",
      "q3",
      "call c2",
      "response c2",
    ]);
    const one = await lastRequest({ numInvocationsToKeep: 1 }, store);
    expect(one.words).toEqual(["q3", "call c2", "response c2"]);
    const two = await lastRequest({ numInvocationsToKeep: 2 }, store);
    expect(two.words).toEqual(all.words.slice(2));
    expect(two.stored).toBe(all.stored);
  });
});

describe("ContextFilterPlugin", () => {
  it("cuts only when `removeAmount` invocations are too many", async () => {
    const kept = await lastRequest({ numInvocationsToKeep: 1, removeAmount: 3 });
    expect(kept.words[0]).toBe("q1");
    const cut = await lastRequest({ numInvocationsToKeep: 1, removeAmount: 2 });
    expect(cut.words[0]).toBe("q3");
  });

  it("puts back the partner that a custom filter drops alone", async () => {
    const isCall = ({ parts }: Content): boolean =>
      parts?.some((part) => part.functionCall) ?? false;
    const noCalls = await lastRequest({
      customFilter: (contents) => contents.filter((one) => !isCall(one)),
    });
    expect(noCalls.words).toContain("call c1");
    expect(noCalls.words.indexOf("call c1")).toBe(noCalls.words.indexOf("response c1") - 1);
    const noResponses = await lastRequest({
      customFilter: (contents) =>
        contents.filter(({ parts }) => !parts?.some((part) => part.functionResponse)),
    });
    expect(noResponses.words).toEqual(noCalls.words);
  });

  it.each([
    [
      "fails",
      () => {
        throw new Error("broken");
      },
    ],
    ["leaves nothing", () => []],
    ["returns no list", () => "all" as never],
  ])("leaves the request as it was when the custom filter %s", async (_what, customFilter) => {
    const { words: asked, logged } = await lastRequest({ customFilter });
    expect(asked).toHaveLength(9);
    expect(logged.filter((line) => line.includes("customFilter failed"))).toHaveLength(5);
  });

  it("does not take what other agents said for a word of a person", async () => {
    const second = new ScriptedLlm({ turns: ["b1", "b2"] });
    const root = new LoopAgent({
      name: "root",
      maxIterations: 2,
      subAgents: [
        new LlmAgent({ name: "first", model: new ScriptedLlm({ turns: ["a1", "a2"] }) }),
        new LlmAgent({ name: "second", model: second }),
      ],
    });
    await using w = await world();
    const plugins = [new ContextFilterPlugin({ numInvocationsToKeep: 1 })];
    await (await w.process({ root, plugins })).say("q1");
    const asked = second.requests[1]?.contents ?? [];
    expect(asked.map(({ role }) => role)).toEqual(["user", "user", "model", "user"]);
    expect(words(asked)[0]).toBe("q1");
  });

  it("moves the cut back to the call of a response that came late", () => {
    const contents = [
      user("q1"),
      call("late"),
      user("q2"),
      model("a2"),
      user("q3"),
      response("late"),
    ];
    expect(words(keepLastInvocations(contents, 1, 1))).toEqual(words(contents.slice(1)));
  });

  it("refuses options that mean nothing", () => {
    expect(() => new ContextFilterPlugin({ numInvocationsToKeep: 0 })).toThrow(
      /`numInvocationsToKeep`/,
    );
    expect(() => new ContextFilterPlugin({ removeAmount: 1.5 })).toThrow(/`removeAmount`/);
  });
});
