import { BasePlugin, LlmAgent, type LlmResponse, type WrappedModelCall } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { describe, expect, it } from "vitest";
import { BudgetPlugin } from "../src/budget/index.ts";
import { ResponseCachePlugin } from "../src/response-cache/index.ts";
import { used } from "./support/metered-llm.ts";
import { world } from "./support/world.ts";

/** Asks again, twice, where nothing was passed on. */
class Retry extends BasePlugin {
  override readonly aroundRank = 20;

  override async *aroundModelCall(
    _call: WrappedModelCall,
    next: () => AsyncIterable<LlmResponse>,
  ): AsyncGenerator<LlmResponse> {
    for (let attempt = 1; ; attempt++)
      try {
        return yield* next();
      } catch (error) {
        if (attempt === 3) throw error;
      }
  }
}

const PLUGINS = {
  cache: () => new ResponseCachePlugin(),
  retry: () => new Retry("retry"),
  budget: () =>
    new BudgetPlugin({ session: { maxCalls: 3 }, maxAnswerTokens: 5, estimateTokens: () => 10 }),
};

type Name = keyof typeof PLUGINS;
const ORDERS: readonly Name[][] = [
  ["cache", "retry", "budget"],
  ["cache", "budget", "retry"],
  ["retry", "cache", "budget"],
  ["retry", "budget", "cache"],
  ["budget", "cache", "retry"],
  ["budget", "retry", "cache"],
];

describe("cache, retry and budget", () => {
  it.each(ORDERS.map((order) => ({ order })))(
    "stand around a call in the same order, registered as $order",
    async ({ order }) => {
      await using w = await world();
      const busy = new Error("busy");
      const answer = { content: { role: "model", parts: [{ text: "hello" }] }, ...used(10, 1) };
      const model = new ScriptedLlm({ model: "m", turns: [busy, busy, answer] });
      const root = new LlmAgent({ name: "root", model, includeContents: "none" });
      const { say } = await w.process({ root, plugins: order.map((name) => PLUGINS[name]()) });
      await say("hi");
      // All three calls of the session are spent, one for each attempt; the cache answers all the same, and pays nothing.
      const [, again] = [await say("hi"), await say("hi")];
      expect(again[0]?.content?.parts?.[0]?.text).toBe("hello");
      expect(model.requests).toHaveLength(3);
      const spent = (await w.log()).flatMap(({ customMetadata }) => {
        const charges = customMetadata?.["adk_budget"];
        return (charges ?? []) as { tokens: number }[];
      });
      expect(spent.map(({ tokens }) => tokens)).toEqual([15, 15, 11]);
      await expect(say("something else")).rejects.toMatchObject({ code: "BUDGET_EXCEEDED" });
    },
  );
});
