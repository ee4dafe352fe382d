import { randomUUID } from "node:crypto";
import {
  AdkError,
  BasePlugin,
  type Event,
  type InvocationContext,
  type LlmRequest,
  type LlmResponse,
  type NextModelCall,
  type ReadonlyContext,
  type WrappedModelCall,
} from "@adk/core";
import type { Reservation } from "./account.ts";
import { allow, type ScopedLimits } from "./allowance.ts";
import { AnswerMeter } from "./answer-meter.ts";
import {
  type BudgetPluginOptions,
  checkBudgetOptions,
  limitsCost,
  limitsTokens,
} from "./budget-options.ts";
import { withCharges } from "./charge.ts";
import { estimateTokens } from "./estimate-tokens.ts";
import { type Payer, Payers } from "./payers.ts";
import { Prices } from "./prices.ts";
import type { Spending } from "./spending.ts";

/** Of an answer where the options do not say, and tokens or money are limited. */
const MAX_ANSWER_TOKENS = 8_192;

/**
 * Hard limits of tokens, money and calls, for a run and for a session.
 *
 * Before each attempt to call a model, estimated input and the longest answer allowed are reserved, and the model is told that
 * maximum; what the provider says was used takes the place of the reservation, which stands where it says nothing. An attempt
 * for which too little is left ends the run with `BUDGET_EXCEEDED`. Agent tools and summaries of events pay from the account of
 * the run they belong to.
 *
 * What was spent stands in the log, on the events (`customMetadata.adk_budget`), and counts when it was rewound or summed up. A
 * crash loses at the most the attempts that were under way. A fork does not pay for what it was copied from.
 */
export class BudgetPlugin extends BasePlugin {
  override readonly aroundRank: number = 10;
  readonly #scopes: readonly ScopedLimits[];
  readonly #prices: Prices;
  readonly #payers: Payers;
  readonly #maxAnswerTokens: number | undefined;
  readonly #estimateTokens: (llmRequest: LlmRequest) => number;

  /** @throws AdkError `INVALID_ARGUMENT` for options that do not fit, limit nothing, or limit money without prices. */
  constructor(options: BudgetPluginOptions) {
    checkBudgetOptions("BudgetPlugin", options);
    const { run, session, prices = {}, maxAnswerTokens, name = "budget" } = options;
    super(name);
    this.#scopes = [
      ...(run ? [{ scope: "run" as const, limits: { ...run } }] : []),
      ...(session ? [{ scope: "session" as const, limits: { ...session } }] : []),
    ];
    const isNeeded = limitsCost(options);
    this.#prices = new Prices(prices, { isNeeded, plugin: name });
    this.#payers = new Payers(this.#prices);
    const isLimited = isNeeded || limitsTokens(options);
    this.#maxAnswerTokens = maxAnswerTokens ?? (isLimited ? MAX_ANSWER_TOKENS : undefined);
    this.#estimateTokens = options.estimateTokens ?? estimateTokens;
  }

  /**
   * What was spent so far, without what is reserved; an agent tool is told of its caller's run and session.
   *
   * @throws AdkError what the store throws when the log cannot be read.
   */
  async spent({
    invocationContext,
  }: Pick<ReadonlyContext, "invocationContext">): Promise<{ run: Spending; session: Spending }> {
    const { account, run, session } = await this.#payers.of(invocationContext);
    account.fold(session.events);
    return { run: account.spent(run), session: account.spent() };
  }

  /** Reads what the log says before the run, and with it its agent tools, can spend. */
  override async beforeRunCallback({
    invocationContext,
  }: {
    invocationContext: InvocationContext;
  }): Promise<undefined> {
    await this.#payers.of(invocationContext);
  }

  override async *aroundModelCall(
    call: WrappedModelCall,
    next: NextModelCall,
  ): AsyncGenerator<LlmResponse, void, undefined> {
    const { llmRequest, callbackContext } = call;
    const { invocationContext } = callbackContext;
    const payer = await this.#payers.of(invocationContext);
    const { account } = payer;
    const model = llmRequest.model ?? call.model.model;
    const reservation = this.#reserve(payer, llmRequest, model);
    const meter = new AnswerMeter(reservation.maxOutputTokens, model, `Plugin ${this.name}`);
    const settle = (): void => account.settle(reservation, this.#used(reservation, meter, model));
    try {
      for await (const response of next(limited(llmRequest, reservation))) {
        meter.take(response);
        if (response.partial) yield response;
        else {
          settle();
          yield this.#carrying(response, payer, invocationContext);
        }
      }
    } finally {
      settle();
    }
  }

  /** What no model's answer could carry goes with the next event: calls that failed, the runs of agent tools. */
  override async onEventCallback({
    invocationContext,
    event,
  }: {
    invocationContext: InvocationContext;
    event: Event;
  }): Promise<Partial<Event> | undefined> {
    const payer = this.#payers.known(invocationContext);
    if (!payer || event.partial || !isRecorded(invocationContext, payer)) return undefined;
    const customMetadata = this.#carrying(event, payer, invocationContext).customMetadata;
    if (customMetadata === event.customMetadata) return undefined;
    if (Object.isFrozen(event)) return { customMetadata };
    // An answer would keep the event from the plugins after this one.
    event.customMetadata = customMetadata;
    return undefined;
  }

  /** @throws AdkError `INVALID_ARGUMENT` for an estimate that is no number: no limit would hold with it. */
  #inputTokens(llmRequest: LlmRequest): number {
    const estimate: unknown = this.#estimateTokens(llmRequest);
    if (typeof estimate === "number" && Number.isFinite(estimate) && estimate >= 0)
      return Math.ceil(estimate);
    const found = estimate instanceof Promise ? "a promise" : String(estimate);
    throw new AdkError(
      "INVALID_ARGUMENT",
      `Plugin ${this.name}: \`estimateTokens\` returned ${found}; the model was not called. Return a number of tokens from 0, synchronously.`,
      { details: { plugin: this.name } },
    );
  }

  /** @throws AdkError `BUDGET_EXCEEDED`; `INVALID_ARGUMENT` for a model without a price, or an estimate that is none. */
  #reserve({ account, run, session }: Payer, llmRequest: LlmRequest, model: string): Reservation {
    account.fold(session.events);
    const price = this.#prices.of(model);
    const asked = llmRequest.config?.maxOutputTokens;
    const caps = [asked, this.#maxAnswerTokens].filter((cap) => cap !== undefined);
    const wish = {
      run,
      model,
      price,
      inputTokens: this.#inputTokens(llmRequest),
      outputTokens: caps.length > 0 ? Math.min(...caps) : undefined,
    };
    const { maxOutputTokens, reserved } = allow(account, this.#scopes, wish, `Plugin ${this.name}`);
    const reservation = { id: randomUUID(), run, ...reserved, maxOutputTokens };
    account.reserve(reservation);
    return reservation;
  }

  /** What the provider says; without that the reservation, or more where more has come. */
  #used(reservation: Reservation, meter: AnswerMeter, model: string): Omit<Spending, "calls"> {
    const { usage, outputTokens } = meter;
    if (usage) return { tokens: usage.input + usage.output, cost: this.#prices.cost(model, usage) };
    const { tokens, cost, maxOutputTokens = 0 } = reservation;
    const more = Math.max(0, outputTokens - maxOutputTokens);
    const tokensMore = { input: 0, cachedInput: 0, output: more };
    return { tokens: tokens + more, cost: cost + this.#prices.cost(model, tokensMore) };
  }

  /** The response or event with all that the log does not say yet. */
  #carrying<Carrier extends Pick<Event, "customMetadata">>(
    carrier: Carrier,
    payer: Payer,
    context: InvocationContext,
  ): Carrier {
    const { account, session } = payer;
    account.fold(session.events);
    const charges = account.unrecorded();
    if (charges.length === 0 || !isRecorded(context, payer)) return carrier;
    return { ...carrier, customMetadata: withCharges(carrier, charges) };
  }
}

/** Whether events of this run come into the log: those of an agent tool do so in a resumable app only. */
function isRecorded({ session, isResumable }: InvocationContext, payer: Payer): boolean {
  return session === payer.session || isResumable;
}

function limited(llmRequest: LlmRequest, { maxOutputTokens }: Reservation): LlmRequest {
  if (maxOutputTokens === undefined) return llmRequest;
  return { ...llmRequest, config: { ...llmRequest.config, maxOutputTokens } };
}
