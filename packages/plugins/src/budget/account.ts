import type { Event } from "@adk/core";
import { type Charge, chargesOf } from "./charge.ts";
import type { Prices } from "./prices.ts";
import { minus, NOTHING, plus, type Spending } from "./spending.ts";

/** What one attempt under way may use. */
export interface Reservation extends Charge {
  /** What the model is told; `undefined`: the attempt is not limited. */
  readonly maxOutputTokens: number | undefined;
}

/**
 * What a session has spent: the fold over all events of its log, whether rewound or summed up, and what this process has spent
 * since and the log does not say yet. What was copied by a fork is not its own.
 */
export class Account {
  readonly #prices: Prices;
  #session: Spending = NOTHING;
  readonly #runs: Map<string, Spending> = new Map();
  readonly #counted: Set<string> = new Set();
  readonly #reserved: Set<Reservation> = new Set();
  readonly #unrecorded: Map<string, Charge> = new Map();
  #foldedTo: number;

  /** @param forkedAt the sequence of the last event that is another session's; 0 for none. */
  constructor(prices: Prices, forkedAt: number) {
    this.#prices = prices;
    this.#foldedTo = forkedAt;
  }

  /** The sequence of the last event that is counted. */
  get foldedTo(): number {
    return this.#foldedTo;
  }

  /** Whether the log says all that was spent, and nothing is under way. */
  get isIdle(): boolean {
    return this.#reserved.size === 0 && this.#unrecorded.size === 0;
  }

  /** Counts the events that are new. @param events in their order; earlier ones may be among them. */
  fold(events: readonly Event[]): void {
    let from = events.length;
    while (from > 0 && (events[from - 1]?.sequence ?? 0) > this.#foldedTo) from--;
    for (const event of events.slice(from)) {
      for (const charge of chargesOf(event, this.#prices)) {
        this.#unrecorded.delete(charge.id);
        this.#count(charge);
      }
      this.#foldedTo = event.sequence ?? this.#foldedTo;
    }
  }

  /** Without what is reserved. */
  spent(run?: string): Spending {
    return run === undefined ? this.#session : (this.#runs.get(run) ?? NOTHING);
  }

  /** What is left of an amount, when all that is reserved is used up. */
  left(limit: Spending, run?: string): Spending {
    let left = minus(limit, this.spent(run));
    for (const reservation of this.#reserved)
      if (run === undefined || reservation.run === run) left = minus(left, reservation);
    return left;
  }

  reserve(reservation: Reservation): void {
    this.#reserved.add(reservation);
  }

  /** Puts what was used in place of what was reserved. */
  settle(reservation: Reservation, used: Omit<Spending, "calls">): void {
    if (!this.#reserved.delete(reservation)) return;
    const { id, run, calls } = reservation;
    const charge: Charge = { id, run, calls, tokens: used.tokens, cost: used.cost };
    this.#unrecorded.set(id, charge);
    this.#count(charge);
  }

  /** What was spent and no event of the log carries yet. */
  unrecorded(): readonly Charge[] {
    return [...this.#unrecorded.values()];
  }

  #count(charge: Charge): void {
    if (this.#counted.has(charge.id)) return;
    this.#counted.add(charge.id);
    this.#session = plus(this.#session, charge);
    this.#runs.set(charge.run, plus(this.spent(charge.run), charge));
  }
}
