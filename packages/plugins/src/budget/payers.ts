import type { BaseSessionService, InvocationContext, Session } from "@adk/core";
import { Account } from "./account.ts";
import type { Prices } from "./prices.ts";

/** Who pays for the calls of a run and of its agent tools. */
export interface Payer {
  readonly account: Account;
  /** The invocation that the caller has started. */
  readonly run: string;
  /** The caller's session, as its run sees it. */
  readonly session: Session;
}

/** Accounts that are kept between runs, so that a turn counts only the events that are new. */
const MAX_ACCOUNTS = 1_000;
const PAGE_SIZE = 1_000;

/** Finds the account that pays. */
export class Payers {
  readonly #prices: Prices;
  /** By session, in the order of use, oldest first. */
  readonly #accounts: Map<string, Account> = new Map();
  /** A run shares its counter of model calls with the runs of its agent tools, whose sessions are others. */
  readonly #ofRuns: WeakMap<object, { opening: Promise<Payer>; payer?: Payer }> = new WeakMap();

  constructor(prices: Prices) {
    this.#prices = prices;
  }

  /** @throws AdkError what the store throws when the log cannot be read. */
  async of(context: InvocationContext): Promise<Payer> {
    const { llmCalls } = context.invocation;
    const known = this.#ofRuns.get(llmCalls);
    if (known) return await known.opening;
    const entry: { opening: Promise<Payer>; payer?: Payer } = { opening: this.#open(context) };
    this.#ofRuns.set(llmCalls, entry);
    try {
      return (entry.payer = await entry.opening);
    } catch (error) {
      this.#ofRuns.delete(llmCalls);
      throw error;
    }
  }

  /** The payer of a run that has one. */
  known(context: InvocationContext): Payer | undefined {
    return this.#ofRuns.get(context.invocation.llmCalls)?.payer;
  }

  async #open(context: InvocationContext): Promise<Payer> {
    const { session, sessionService, invocationId: run } = context;
    const account = this.#accountOf(session);
    await readOlder(account, session, sessionService, context.abortSignal);
    account.fold(session.events);
    return { account, run, session };
  }

  #accountOf({ appName, userId, id, incarnation, forkedFrom, lastSequence }: Session): Account {
    const key = JSON.stringify([appName, userId, id, incarnation]);
    let account = this.#accounts.get(key);
    // A store that went back in time has lost what was counted.
    if (!account || account.foldedTo > Math.max(lastSequence, forkedFrom?.sequence ?? 0))
      account = new Account(this.#prices, forkedFrom?.sequence ?? 0);
    this.#accounts.delete(key);
    this.#accounts.set(key, account);
    if (this.#accounts.size > MAX_ACCOUNTS)
      for (const [oldest, other] of this.#accounts)
        if (other.isIdle && other !== account) {
          this.#accounts.delete(oldest);
          break;
        }
    return account;
  }
}

/** Counts the events between those that are counted and those that the run has loaded. */
async function readOlder(
  account: Account,
  { appName, userId, id: sessionId, firstSequence }: Session,
  sessionService: BaseSessionService,
  signal: AbortSignal,
): Promise<void> {
  while (account.foldedTo + 1 < firstSequence) {
    const { events } = await sessionService.listEvents({
      appName,
      userId,
      sessionId,
      afterSequence: account.foldedTo,
      beforeSequence: firstSequence,
      pageSize: PAGE_SIZE,
      signal,
    });
    if (events.length === 0) return;
    account.fold(events);
  }
}
