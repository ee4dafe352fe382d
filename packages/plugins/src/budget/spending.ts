/** What calls of models have used, or may use. */
export interface Spending {
  /** Attempts, whether they succeeded or not. */
  readonly calls: number;
  /** Input and output, thoughts included. */
  readonly tokens: number;
  /** In the currency of the prices; 0 without prices. */
  readonly cost: number;
}

export const NOTHING: Spending = { calls: 0, tokens: 0, cost: 0 };

export function plus(left: Spending, right: Spending): Spending {
  return {
    calls: left.calls + right.calls,
    tokens: left.tokens + right.tokens,
    cost: left.cost + right.cost,
  };
}

export function minus(left: Spending, right: Spending): Spending {
  return {
    calls: left.calls - right.calls,
    tokens: left.tokens - right.tokens,
    cost: left.cost - right.cost,
  };
}
