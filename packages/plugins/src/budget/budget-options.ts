import { AdkError, checkOptions, type LlmRequest, type OptionCheck, integer } from "@adk/core";
import { filledText } from "../internal/option-checks.ts";

/** What may be spent; what is absent is not limited. */
export interface BudgetLimits {
  /** Input and output tokens together. */
  maxTokens?: number | undefined;
  /** Money, in the currency of `prices`. */
  maxCost?: number | undefined;
  /** Attempts to call a model. */
  maxCalls?: number | undefined;
}

/** What a model costs, in one currency for all models, per million tokens. */
export interface ModelPrice {
  inputPerMillion: number;
  /** Of answers and thoughts. */
  outputPerMillion: number;
  /** Of input that the provider had in its cache. @defaultValue `inputPerMillion` */
  cachedInputPerMillion?: number | undefined;
}

/** What may be spent, and how it is reckoned. */
export interface BudgetPluginOptions {
  /** For one invocation, with the runs of its agent tools and its resumptions. */
  run?: BudgetLimits | undefined;
  /** For all invocations of a session. */
  session?: BudgetLimits | undefined;
  /** By the model's name. Needed with `maxCost`, for every model that is called. */
  prices?: Readonly<Record<string, ModelPrice>> | undefined;
  /**
   * Tokens that one answer may have, thoughts included; they are reserved before each call.
   *
   * @defaultValue 8,192 where tokens or money are limited, else no limit
   */
  maxAnswerTokens?: number | undefined;
  /** A guess at the input tokens of a request, made before each call. @defaultValue {@link estimateTokens} */
  estimateTokens?: ((llmRequest: LlmRequest) => number) | undefined;
  /** A budget that could not stop a run would be none: there is no other way. @defaultValue "fail" */
  onFailure?: "fail" | undefined;
  /** Unique within the app. @defaultValue "budget" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof BudgetPluginOptions, OptionCheck>> = {
  run: "object",
  session: "object",
  prices: "object",
  maxAnswerTokens: integer(1),
  estimateTokens: "function",
  onFailure: (value) =>
    value === "fail" ? undefined : '"fail": a budget that could not stop a run would be none',
  name: filledText,
};

const LIMITS: Readonly<Record<keyof BudgetLimits, OptionCheck>> = {
  maxTokens: integer(0),
  maxCost: amount,
  maxCalls: integer(0),
};

const PRICE: Readonly<Record<keyof ModelPrice, OptionCheck>> = {
  inputPerMillion: amount,
  outputPerMillion: amount,
  cachedInputPerMillion: amount,
};

/** @throws AdkError `INVALID_ARGUMENT` for options that do not fit, limit nothing, or limit money without prices. */
export function checkBudgetOptions(owner: string, options: BudgetPluginOptions): void {
  checkOptions(owner, options, OPTIONS);
  const { run = {}, session = {}, prices } = options;
  checkOptions(`${owner}: \`run\``, run, LIMITS);
  checkOptions(`${owner}: \`session\``, session, LIMITS);
  for (const [model, price] of Object.entries(prices ?? {})) {
    checkOptions(`${owner}: \`prices[${JSON.stringify(model)}]\``, price, PRICE);
    if (price.inputPerMillion === undefined || price.outputPerMillion === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `${owner}: \`prices[${JSON.stringify(model)}]\` needs \`inputPerMillion\` and \`outputPerMillion\`.`,
      );
  }
  if ([run, session].every((limits) => Object.values(limits).every((one) => one === undefined)))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${owner} has nothing to limit. Give it \`run\` or \`session\` with \`maxTokens\`, \`maxCost\` or \`maxCalls\`.`,
    );
  if (limitsCost(options) && Object.keys(prices ?? {}).length === 0)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${owner}: \`maxCost\` needs \`prices\`. Say what each model costs: { "model-name": { inputPerMillion, outputPerMillion } }.`,
    );
}

export function limitsCost({ run, session }: BudgetPluginOptions): boolean {
  return run?.maxCost !== undefined || session?.maxCost !== undefined;
}

export function limitsTokens({ run, session }: BudgetPluginOptions): boolean {
  return run?.maxTokens !== undefined || session?.maxTokens !== undefined;
}

function amount(value: unknown): string | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0
    ? undefined
    : "a number from 0";
}
