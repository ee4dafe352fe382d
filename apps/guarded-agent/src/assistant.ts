import { App, type BaseLlm, type BasePlugin, FunctionTool, LlmAgent } from "@adk/core";
import type { BudgetPlugin } from "@adk/plugins/budget";
import { z } from "zod";
import { MAX_TOKENS } from "./guards.ts";
import type { Register } from "./register.ts";

export interface AssistantOptions {
  readonly model: BaseLlm;
  readonly register: Register;
  readonly budget: BudgetPlugin;
  readonly plugins: BasePlugin[];
}

/** An agent that looks customers up, and can tell what is left of its session's budget. */
export function createAssistant({ model, register, budget, plugins }: AssistantOptions): App {
  const findCustomer = new FunctionTool({
    name: "find_customer",
    description: "Looks a customer up in the register.",
    parameters: z.object({ customer: z.string() }),
    execute: ({ customer }) => register.find(customer),
  });
  const budgetLeft = new FunctionTool({
    name: "budget_left",
    description: "Tells how many tokens this conversation may still use.",
    execute: async (_input, toolContext) => {
      const { session } = await budget.spent(toolContext);
      return { tokens: MAX_TOKENS - session.tokens };
    },
  });
  return new App({
    name: "guarded-agent",
    rootAgent: new LlmAgent({
      name: "assistant",
      model,
      instruction: "You answer questions about customers.",
      tools: [findCustomer, budgetLeft],
    }),
    plugins,
  });
}
