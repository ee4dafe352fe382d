import { AdkError } from "@adk/core";
import type { Account } from "./account.ts";
import type { BudgetLimits, ModelPrice } from "./budget-options.ts";
import { costOf } from "./prices.ts";
import type { Spending } from "./spending.ts";

/** A limit, and whose. */
export interface ScopedLimits {
  readonly scope: "run" | "session";
  readonly limits: BudgetLimits;
}

/** What an attempt asks for. */
export interface Wish {
  readonly run: string;
  readonly model: string;
  readonly price: ModelPrice | undefined;
  /** Estimated. */
  readonly inputTokens: number;
  /** The least of what the request and the plugin's options say; `undefined`: as many as the model likes. */
  readonly outputTokens: number | undefined;
}

/** What the attempt may use. */
export interface Allowance {
  readonly maxOutputTokens: number | undefined;
  readonly reserved: Spending;
}

/**
 * What an attempt may use of what is left.
 *
 * @param owner the plugin, for errors.
 * @throws AdkError `BUDGET_EXCEEDED` when not one more call, or not one token of an answer, is left.
 */
export function allow(
  account: Account,
  scopes: readonly ScopedLimits[],
  wish: Wish,
  owner: string,
): Allowance {
  const { inputTokens: input, price } = wish;
  const inputCost = price ? costOf({ input, cachedInput: 0, output: 0 }, price) : 0;
  let maxOutputTokens = wish.outputTokens;
  for (const { scope, limits } of scopes) {
    const run = scope === "run" ? wish.run : undefined;
    const left = account.left(limitsAsSpending(limits), run);
    const refuse = (limit: keyof BudgetLimits, needed: number): AdkError =>
      exceeded(owner, { scope, limit, limits, needed, model: wish.model }, account.spent(run));
    if (left.calls < 1) throw refuse("maxCalls", 1);
    if (left.tokens !== Infinity) {
      if (left.tokens - input < 1) throw refuse("maxTokens", input + 1);
      maxOutputTokens = Math.min(maxOutputTokens ?? Infinity, Math.floor(left.tokens - input));
    }
    if (left.cost !== Infinity && price) {
      const perToken = price.outputPerMillion / 1_000_000;
      const affordable = perToken === 0 ? Infinity : Math.floor((left.cost - inputCost) / perToken);
      if (affordable < 1 || left.cost < inputCost) throw refuse("maxCost", inputCost + perToken);
      if (affordable !== Infinity)
        maxOutputTokens = Math.min(maxOutputTokens ?? Infinity, affordable);
    }
  }
  const output = maxOutputTokens ?? 0;
  const cost = price ? costOf({ input, cachedInput: 0, output }, price) : 0;
  return { maxOutputTokens, reserved: { calls: 1, tokens: input + output, cost } };
}

function limitsAsSpending({ maxCalls, maxTokens, maxCost }: BudgetLimits): Spending {
  return {
    calls: maxCalls ?? Infinity,
    tokens: maxTokens ?? Infinity,
    cost: maxCost ?? Infinity,
  };
}

interface Refusal {
  readonly scope: "run" | "session";
  readonly limit: keyof BudgetLimits;
  readonly limits: BudgetLimits;
  readonly needed: number;
  readonly model: string;
}

const SPENDING_OF = { maxCalls: "calls", maxTokens: "tokens", maxCost: "cost" } as const;

function exceeded(
  owner: string,
  { scope, limit, limits, needed, model }: Refusal,
  spending: Spending,
): AdkError {
  const spent = spending[SPENDING_OF[limit]];
  const allowed = limits[limit] ?? 0;
  return new AdkError(
    "BUDGET_EXCEEDED",
    `${owner}: the ${scope} has spent ${rounded(spent)} of \`${scope}.${limit}\` ${allowed}; with what is under way, too little is left for a call of model ${model}, which needs at least ${rounded(needed)}. Raise the limit, or ${scope === "run" ? "ask for less in one message" : "start a new session"}.`,
    { details: { scope, limit, allowed, spent, needed, model } },
  );
}

function rounded(amount: number): number {
  return Math.round(amount * 1_000_000) / 1_000_000;
}
