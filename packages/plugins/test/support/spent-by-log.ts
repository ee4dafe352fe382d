import { LlmAgent } from "@adk/core";
import { ScriptedLlm } from "@adk/core/testing";
import { BudgetPlugin, type BudgetPluginOptions, type Spending } from "../../src/budget/index.ts";
import type { World } from "./world.ts";

export const NO_LIMIT = { maxTokens: 1_000_000_000 };

export function budget(options: BudgetPluginOptions = { session: NO_LIMIT }): BudgetPlugin {
  return new BudgetPlugin({ estimateTokens: () => 10, maxAnswerTokens: 50, ...options });
}

/** What another process reads from the log: a run that calls no model is told. */
export async function onTheLog(
  { process }: World,
  options?: BudgetPluginOptions,
  sessionId = "s",
): Promise<{ run: Spending; session: Spending }> {
  const plugin = budget(options);
  const spent: { run: Spending; session: Spending }[] = [];
  const root = new LlmAgent({
    name: "root",
    model: new ScriptedLlm({ turns: [] }),
    beforeAgentCallback: async (context) => {
      spent.push(await plugin.spent(context));
      return { role: "model", parts: [{ text: "told" }] };
    },
  });
  const { say } = await process({ root, plugins: [plugin] });
  await say("how much?", { sessionId });
  return spent[0] as { run: Spending; session: Spending };
}
