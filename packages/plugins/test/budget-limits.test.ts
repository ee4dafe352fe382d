import {
  AgentTool,
  BasePlugin,
  LlmAgent,
  type LlmResponse,
  ParallelAgent,
  type WrappedModelCall,
} from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import {
  type BudgetLimits,
  BudgetPlugin,
  type BudgetPluginOptions,
  estimateTokens,
} from "../src/budget/index.ts";
import { MeteredLlm, used } from "./support/metered-llm.ts";
import { calls, SSE, tool, world } from "./support/world.ts";

/** Estimates are 10 tokens, as the models' input is unless a test says otherwise. */
function budget(options: BudgetPluginOptions): BudgetPlugin {
  return new BudgetPlugin({ estimateTokens: () => 10, ...options });
}

function piece(text: string): LlmResponse {
  return { content: { role: "model", parts: [{ text }] }, partial: true };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("BudgetPlugin, the options", () => {
  it.each([
    [{}, /nothing to limit/],
    [{ run: {} }, /nothing to limit/],
    [{ run: { maxTokens: -1 } }, /maxTokens/],
    [{ run: { maxTokens: 1.5 } }, /maxTokens/],
    [{ session: { maxCost: Number.NaN } }, /maxCost/],
    [{ session: { maxCost: 1 } }, /`maxCost` needs `prices`/],
    [{ session: { maxCost: 1 }, prices: {} }, /`maxCost` needs `prices`/],
    [{ run: { maxCost: 1 }, prices: { m: { inputPerMillion: 1 } } }, /outputPerMillion/],
    [{ run: { maxCalls: 1 }, maxAnswerTokens: 0 }, /maxAnswerTokens/],
    [{ run: { maxCalls: 1 }, onFailure: "isolate" }, /onFailure.*"fail".*none/],
    [{ run: { maxCall: 1 } }, /Did you mean `maxCalls`/],
  ])("refuses %j", (options, message) => {
    expect(() => new BudgetPlugin(options as BudgetPluginOptions)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(message),
      }),
    );
  });
});

describe("BudgetPlugin, a call", () => {
  it.each<[string, BudgetLimits & { asked?: number; maxAnswerTokens?: number }, number]>([
    ["what was asked", { asked: 7, maxAnswerTokens: 9, maxTokens: 1_000 }, 7],
    ["`maxAnswerTokens`", { asked: 70, maxAnswerTokens: 9, maxTokens: 1_000 }, 9],
    ["what is left", { asked: 70, maxAnswerTokens: 60, maxTokens: 15 }, 5],
    ["8,192 where nothing says", { maxTokens: 1_000_000 }, 8_192],
    ["what the money left pays", { maxAnswerTokens: 60, maxCost: 0.00002 }, 5],
  ])("is told the least: %s", async (_, { asked, maxAnswerTokens, ...run }, maximum) => {
    await using w = await world();
    const model = new MeteredLlm("m");
    const config = asked === undefined ? {} : { maxOutputTokens: asked };
    const root = new LlmAgent({ name: "root", model, generateContentConfig: config });
    const prices = { m: { inputPerMillion: 1, outputPerMillion: 2 } };
    const plugin = budget({ run, prices, maxAnswerTokens });
    const { say } = await w.process({ root, plugins: [plugin] });
    await say("hi");
    expect(model.maxima).toEqual([maximum]);
  });

  it.each<[string, unknown]>([
    ["NaN", Number.NaN],
    ["undefined", undefined],
    ["a promise", Promise.resolve(10)],
    ["-1", -1],
    ["Infinity", Infinity],
  ])("is not made when its estimate is %s", async (found, estimate) => {
    await using w = await world();
    const model = new MeteredLlm("m");
    const root = new LlmAgent({ name: "root", model });
    const estimateTokens = () => estimate as number;
    const plugin = new BudgetPlugin({ run: { maxTokens: 100 }, estimateTokens });
    const { say } = await w.process({ root, plugins: [plugin] });
    await expect(say("hi")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(`\`estimateTokens\` returned ${found};`),
    });
    expect(model.calls).toBe(0);
  });

  it("is not limited in its length where only calls are", async () => {
    await using w = await world();
    const model = new MeteredLlm("m");
    const root = new LlmAgent({ name: "root", model });
    const { say } = await w.process({ root, plugins: [budget({ session: { maxCalls: 2 } })] });
    for (const _ of [1, 2]) await say("hi");
    await expect(say("hi")).rejects.toMatchObject({
      code: "BUDGET_EXCEEDED",
      message: expect.stringContaining("session.maxCalls"),
      details: { scope: "session", limit: "maxCalls", allowed: 2, spent: 2 },
    });
    expect(model.maxima).toEqual([undefined, undefined]);
  });

  it("that cannot be paid for is not made, and the run leaves its error event", async () => {
    await using w = await world("sqlite");
    const model = new MeteredLlm("m");
    const root = new LlmAgent({ name: "root", model });
    const plugin = budget({ session: { maxTokens: 30 } });
    const { say } = await w.process({ root, plugins: [plugin] });
    await say("one");
    await expect(say("two")).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    expect(model.calls).toBe(1);
    expect((await w.log()).at(-1)).toMatchObject({ errorCode: "BUDGET_EXCEEDED", author: "root" });
  });

  it("limits each run for itself", async () => {
    await using w = await world();
    const model = new MeteredLlm("m", [{ output: 5 }]);
    const root = new LlmAgent({ name: "root", model });
    const { say } = await w.process({ root, plugins: [budget({ run: { maxTokens: 20 } })] });
    for (const _ of [1, 2, 3]) await say("hi");
    expect(model.maxima).toEqual([10, 10, 10]);
  });

  it("of a model without a price is refused before it is made", async () => {
    await using w = await world();
    const model = new MeteredLlm("unknown");
    const root = new LlmAgent({ name: "root", model });
    const prices = { known: { inputPerMillion: 1, outputPerMillion: 1 } };
    const { say } = await w.process({ root, plugins: [budget({ run: { maxCost: 1 }, prices })] });
    await expect(say("hi")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { plugin: "budget", model: "unknown" },
    });
    expect(model.calls).toBe(0);
  });

  it("of a model without a price ends the whole run when an agent tool makes it", async () => {
    await using w = await world();
    const inner = new LlmAgent({ name: "inner", model: new MeteredLlm("unknown") });
    const model = new MeteredLlm("known", [
      { answer: async () => await Promise.resolve(calls(["inner", "c1", { request: "go" }])) },
      {},
    ]);
    const root = new LlmAgent({ name: "root", model, tools: [new AgentTool({ agent: inner })] });
    const prices = { known: { inputPerMillion: 1, outputPerMillion: 1 } };
    const { say } = await w.process({ root, plugins: [budget({ run: { maxCost: 1 }, prices })] });
    await expect(say("hi")).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      details: { plugin: "budget", model: "unknown" },
    });
    expect(model.calls).toBe(1);
  });

  it("costs what the provider says: cached input, answer and thoughts; the reservation where it says nothing", async () => {
    await using w = await world();
    const told: LlmResponse = {
      content: { role: "model", parts: [{ text: "a" }] },
      usageMetadata: {
        promptTokenCount: 100,
        cachedContentTokenCount: 40,
        candidatesTokenCount: 10,
        thoughtsTokenCount: 5,
        totalTokenCount: 115,
      },
    };
    const model = new ScriptedLlm({ model: "m", turns: [told, "says nothing of tokens"] });
    const price = { inputPerMillion: 10, cachedInputPerMillion: 1, outputPerMillion: 100 };
    const plugin = budget({
      session: { maxTokens: 10_000, maxCost: 1 },
      prices: { m: price },
      maxAnswerTokens: 50,
    });
    const spent: unknown[] = [];
    const root = new LlmAgent({
      name: "root",
      model,
      afterAgentCallback: async (context) => void spent.push((await plugin.spent(context)).session),
    });
    const { say } = await w.process({ root, plugins: [plugin] });
    for (const _ of [1, 2]) await say("hi");
    const first = { calls: 1, tokens: 115, cost: (60 * 10 + 40 * 1 + 15 * 100) / 1_000_000 };
    expect(spent).toEqual([
      { ...first, cost: expect.closeTo(first.cost, 12) },
      {
        calls: 2,
        tokens: 115 + 60,
        cost: expect.closeTo(first.cost + (10 * 10 + 50 * 100) / 1_000_000, 12),
      },
    ]);
  });

  it("that failed has cost its reservation, each attempt of a retry for itself", async () => {
    await using w = await world("sqlite");
    class Again extends BasePlugin {
      override readonly aroundRank = 20;
      override async *aroundModelCall(
        _call: WrappedModelCall,
        next: () => AsyncIterable<LlmResponse>,
      ): AsyncGenerator<LlmResponse> {
        for (;;)
          try {
            return yield* next();
          } catch (error) {
            if (!(error instanceof Error && error.message === "busy")) throw error;
          }
      }
    }
    const busy = new Error("busy");
    const model = new ScriptedLlm({ model: "m", turns: [busy, busy, busy, "hello"] });
    const plugin = budget({ session: { maxTokens: 35 }, maxAnswerTokens: 5 });
    // Registered outside of the budget, and inside by its rank all the same.
    const root = new LlmAgent({ name: "root", model });
    const { say } = await w.process({ root, plugins: [plugin, new Again("again")] });
    await expect(say("hi")).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    expect(model.requests).toHaveLength(2);
    const again = await w.process({ root, plugins: [budget({ session: { maxTokens: 35 } })] });
    await expect(again.say("hi")).rejects.toMatchObject({
      code: "BUDGET_EXCEEDED",
      details: { spent: 30 },
    });
  });
});

describe("BudgetPlugin, calls at the same time", () => {
  it("of 8 branches spend no more than the limit and the estimator's error", async () => {
    for (const [limit, estimate] of [
      [500, 10],
      [500, 7],
      [120, 10],
      [60, 10],
    ] as const) {
      await using w = await world();
      const models = Array.from({ length: 8 }, () => new MeteredLlm("m", [{ output: 1_000 }]));
      const root = new ParallelAgent({
        name: "all",
        subAgents: models.map((model, index) => new LlmAgent({ name: `a${index}`, model })),
      });
      const plugin = budget({
        session: { maxTokens: limit },
        maxAnswerTokens: 40,
        estimateTokens: () => estimate,
      });
      const { say } = await w.process({ root, plugins: [plugin] });
      const failures: unknown[] = [];
      for (const _ of [1, 2, 3]) failures.push(await failureOf(say("go")));
      const spent = models.reduce((sum, model) => sum + model.spent, 0);
      const made = models.reduce((sum, model) => sum + model.calls, 0);
      expect(spent).toBeLessThanOrEqual(limit + made * (10 - estimate));
      expect(spent).toBeGreaterThan(limit / 2);
      expect(failures.at(-1)).toMatchObject({ code: "BUDGET_EXCEEDED" });
    }
  });
});

describe("BudgetPlugin, a model that ignores its maximum", () => {
  it("is cut in the middle of its stream; its call is cancelled", async () => {
    await using w = await world();
    let signal: AbortSignal | undefined;
    const endless = Array.from({ length: 100 }, () => piece("word".repeat(10)));
    const model = new ScriptedLlm({
      model: "m",
      turns: [
        (_request, abortSignal) => {
          signal = abortSignal;
          return endless;
        },
      ],
    });
    const root = new LlmAgent({ name: "root", model });
    const plugin = budget({ run: { maxTokens: 1_000 }, maxAnswerTokens: 50 });
    const { runner } = await w.process({ root, plugins: [plugin] });
    const shown: string[] = [];
    const run = async (): Promise<void> => {
      const request = { userId: "u", sessionId: "s", ...SSE };
      const newMessage = { role: "user", parts: [{ text: "hi" }] };
      for await (const { content, partial } of runner.runAsync({ ...request, newMessage }))
        if (partial) shown.push(content?.parts?.[0]?.text ?? "");
    };
    await expect(run()).rejects.toMatchObject({
      code: "BUDGET_EXCEEDED",
      details: { model: "m", maxOutputTokens: 50, outputTokens: 110 },
    });
    expect(shown).toHaveLength(10);
    expect(signal?.aborted).toBe(true);
  });

  it("is cut at once where it says in its pieces what it has used", async () => {
    await using w = await world();
    const pieces = [
      { ...piece("a"), ...used(10, 20) },
      { ...piece("b"), ...used(10, 51) },
    ];
    const model = new ScriptedLlm({
      model: "m",
      turns: [[...pieces, { ...piece("ab"), partial: false }]],
    });
    const root = new LlmAgent({ name: "root", model });
    const plugin = budget({ run: { maxTokens: 1_000 }, maxAnswerTokens: 50 });
    const { say } = await w.process({ root, plugins: [plugin] });
    await expect(say("hi", SSE)).rejects.toMatchObject({
      code: "BUDGET_EXCEEDED",
      details: { outputTokens: 51 },
    });
  });

  it("has its whole answer paid for, and asks nothing more", async () => {
    await using w = await world();
    const model = new ScriptedLlm({
      model: "m",
      turns: [{ ...calls(["look", "c1"]), ...used(10, 5_000) }],
    });
    const look = tool("look", () => ({ found: 1 }));
    const root = new LlmAgent({ name: "root", model, tools: [look] });
    const plugin = budget({ run: { maxTokens: 1_000 }, maxAnswerTokens: 50 });
    const { say } = await w.process({ root, plugins: [plugin] });
    await expect(say("hi")).rejects.toMatchObject({
      code: "BUDGET_EXCEEDED",
      details: { spent: 5_010 },
    });
  });
});

describe("estimateTokens", () => {
  it("counts texts, calls, results, instruction and tools by their bytes, and files", () => {
    const request = { contents: [], liveConnectConfig: {}, toolsDict: {} };
    expect(estimateTokens(request)).toBe(0);
    const text = (words: string) => ({ ...request, contents: [{ parts: [{ text: words }] }] });
    expect(estimateTokens(text("12345678"))).toBe(2);
    expect(estimateTokens(text("ééé"))).toBe(2);
    expect(estimateTokens({ ...request, config: { systemInstruction: "1234" } })).toBe(1);
    const declared = [{ functionDeclarations: [{ name: "look" }] }];
    expect(estimateTokens({ ...request, config: { tools: declared } })).toBeGreaterThan(5);
    const file = { inlineData: { mimeType: "image/png", data: "AAAA".repeat(10_000) } };
    expect(estimateTokens({ ...request, contents: [{ parts: [file] }] })).toBe(1_000);
    const call = { functionCall: { name: "look", args: { at: "1234" } } };
    const response = { functionResponse: { name: "look", response: { found: "1234" } } };
    expect(estimateTokens({ ...request, contents: [{ parts: [call, response] }] })).toBeGreaterThan(
      10,
    );
  });
});
