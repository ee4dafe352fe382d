import { App, FunctionTool, LlmAgent } from "@adk/core";
import { z } from "zod";
import type { Bank } from "./bank.ts";
import { ClerkLlm } from "./clerk-llm.ts";

/** The app as every process of the desk makes it. A refund of more than 50 € needs a person. */
export function createDesk(bank: Bank): App {
  const findOrder = new FunctionTool({
    name: "find_order",
    description: "Looks an order up.",
    parameters: z.object({ order: z.string() }),
    execute: ({ order }) => ({ order, article: "tea set", total: 80 }),
  });
  const refund = new FunctionTool({
    name: "refund",
    description: "Pays an order back.",
    parameters: z.object({ order: z.string(), amount: z.number() }),
    requireConfirmation: ({ amount }) => amount > 50,
    execute: ({ order, amount }, { functionCallId = "" }) => {
      // The id stays the same when the call is made again after a crash.
      bank.pay({ order, amount, key: functionCallId });
      return { refunded: amount };
    },
  });
  return new App({
    name: "approval-desk",
    rootAgent: new LlmAgent({
      name: "clerk",
      model: new ClerkLlm(),
      instruction: "You answer customers who want their money back.",
      tools: [findOrder, refund],
    }),
    resumabilityConfig: { isResumable: true },
  });
}
