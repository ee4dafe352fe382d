import { describe, expect, it } from "vitest";
import { AdkError } from "../errors.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import { modelSuite, type ModelScript } from "./model-suite.ts";
import { ScriptedLlm, type ScriptedTurn } from "./scripted-llm.ts";
import { VirtualClock } from "./virtual-clock.ts";

modelSuite(
  { describe, it },
  {
    name: "ScriptedLlm",
    store: () => ({
      model: (script) => new ScriptedLlm({ turns: [turnOf(script)], repeat: true }),
      async [Symbol.asyncDispose]() {},
    }),
    notApplicable: ["abort-closes", "return-closes"],
  },
);

function turnOf(script: ModelScript): ScriptedTurn {
  switch (script.kind) {
    case "texts":
      return [...script.texts.map((text) => piece(text)), answer(script.texts.join(""))];
    case "call":
      return { content: { role: "model", parts: [{ functionCall: script.call }] } };
    case "silence":
      return [...script.after.map((text) => piece(text)), new Promise<void>(() => {})];
    case "unavailable":
    case "refused":
      return new AdkError("MODEL_FAILED", "no", { retryable: script.kind === "unavailable" });
  }
}

function answer(text: string): LlmResponse {
  return { content: { role: "model", parts: [{ text }] } };
}

function piece(text: string): LlmResponse {
  return { ...answer(text), partial: true };
}

function makeRequest(text = "hi"): LlmRequest {
  return {
    contents: [{ role: "user", parts: [{ text }] }],
    liveConnectConfig: {},
    toolsDict: {},
  };
}

async function ask(model: ScriptedLlm, stream = false, request = makeRequest()) {
  const responses: LlmResponse[] = [];
  for await (const response of model.generateContentAsync(request, stream))
    responses.push(response);
  return responses;
}

describe("ScriptedLlm", () => {
  it.each<[string, unknown, string]>([
    ["nothing", undefined, "takes an object with its options"],
    [
      "a misspelt option",
      { turn: ["hi"] },
      "has no option `turn`. Did you mean `turns`? It knows: clock, delayMs",
    ],
    ["no turns", {}, "needs `turns`"],
    ["turns that are a text", { turns: "hi" }, "`turns` must be a list"],
    ["turns that are a response", { turns: answer("hi") }, "`turns` must be a list"],
    ["a turn that is a number", { turns: ["hi", 5] }, "turns[1] must be a text, a response"],
    ["a turn that is null", { turns: [null] }, "turns[0] must be a text, a response"],
    ["a chunk that is a text", { turns: [["hel", "lo"]] }, "turns[0] is a list of chunks, so each"],
    ["a delay that is a text", { turns: [], delayMs: "5" }, "`delayMs` must be a number"],
    ["a delay below zero", { turns: [], delayMs: -1 }, "`delayMs` must be a number"],
    ["a repeat that is a text", { turns: [], repeat: "yes" }, "`repeat` must be a boolean"],
    ["half a clock", { turns: [], clock: { now: () => 0 } }, "`clock` must be a clock"],
  ])("refuses %s", (_given, params, says) => {
    expect(() => new ScriptedLlm(params as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(says) }),
    );
  });

  it("refuses what a function answers, when it is no answer", async () => {
    const turns = [() => 5, () => ["a"], () => undefined] as unknown as ScriptedTurn[];
    const model = new ScriptedLlm({ turns });
    for (const call of [1, 2, 3])
      await expect(ask(model)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(`the answer to call ${call}`),
      });
  });

  it("answers its turns in order, and fails when there is none left or one too many", async () => {
    const model = new ScriptedLlm({ turns: ["one", answer("two")] });
    expect(await ask(model)).toEqual([answer("one")]);
    expect(() => model.assertConsumed()).toThrow(/1 of 2 turns/);
    expect(await ask(model)).toEqual([answer("two")]);
    model.assertConsumed();
    await expect(ask(model)).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
  });

  it("streams a text in two pieces that do not split a character", async () => {
    const model = new ScriptedLlm({ turns: ["👋👋👋"] });
    expect(await ask(model, true)).toEqual([piece("👋👋"), piece("👋"), answer("👋👋👋")]);
  });

  it("leaves partial chunks out when the call does not stream, and throws an error after the chunks before it", async () => {
    const turn = [piece("a"), answer("a"), new Error("broke")];
    const model = new ScriptedLlm({ turns: [turn, turn] });
    for (const [stream, expected] of [
      [false, [answer("a")]],
      [true, [piece("a"), answer("a")]],
    ] as const) {
      const seen: LlmResponse[] = [];
      await expect(async () => {
        for await (const response of model.generateContentAsync(makeRequest(), stream))
          seen.push(response);
      }).rejects.toThrow("broke");
      expect(seen).toEqual(expected);
    }
  });

  it("makes an answer from the request", async () => {
    const model = new ScriptedLlm({
      turns: [async (request) => `you said ${request.contents[0]?.parts?.[0]?.text}`],
    });
    expect(await ask(model)).toEqual([answer("you said hi")]);
  });

  it("keeps what it was asked, whatever becomes of the request and of the answer", async () => {
    const model = new ScriptedLlm({ turns: ["ok"], repeat: true });
    const request = makeRequest();
    request.config = {
      systemInstruction: "Be kind.",
      tools: [{ functionDeclarations: [{ name: "b" }, { name: "a" }] }, { googleSearch: {} }],
    };
    const [first] = await ask(model, false, request);
    if (first?.content) first.content.parts = [];
    request.contents.push({ role: "user", parts: [{ text: "later" }] });
    request.contents[0]!.parts![0]!.text = "changed";
    request.config.systemInstruction = "changed";
    expect(model.requests[0]).toMatchObject({
      model: "scripted",
      stream: false,
      contents: [{ role: "user", parts: [{ text: "hi" }] }],
      systemInstruction: "Be kind.",
      tools: ["a", "b"],
    });
    expect(Object.isFrozen(model.requests[0]?.contents[0]?.parts?.[0])).toBe(true);
    expect(await ask(model)).toEqual([answer("ok")]);
  });

  it("waits before each response, on the clock it was given", async () => {
    const clock = new VirtualClock();
    const model = new ScriptedLlm({ turns: ["ab"], delayMs: 10, clock });
    const seen: LlmResponse[] = [];
    const done = (async () => {
      for await (const response of model.generateContentAsync(makeRequest(), true))
        seen.push(response);
    })();
    await clock.advance(19);
    expect(seen).toEqual([piece("a")]);
    await clock.advance(11);
    await done;
    expect(seen).toHaveLength(3);
    expect(clock.pendingTimers).toBe(0);
  });
});
