/** `@adk/plugins/budget`: hard limits of tokens, money and calls. */
export { BudgetPlugin } from "./budget-plugin.ts";
export type { BudgetLimits, BudgetPluginOptions, ModelPrice } from "./budget-options.ts";
export { estimateTokens } from "./estimate-tokens.ts";
export type { Spending } from "./spending.ts";
