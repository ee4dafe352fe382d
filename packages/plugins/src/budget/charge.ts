import type { Event } from "@adk/core";
import { CHARGES_KEY } from "../internal/metadata-keys.ts";
import type { Prices } from "./prices.ts";
import { tokensOf } from "./prices.ts";
import type { Spending } from "./spending.ts";

/** What one attempt to call a model was charged. */
export interface Charge extends Spending {
  /** Two events may carry one charge; it counts once. */
  readonly id: string;
  /** The invocation that pays. */
  readonly run: string;
}

/** The charges that an event carries. */
function chargesOn({ customMetadata }: Pick<Event, "customMetadata">): readonly Charge[] {
  const charges = customMetadata?.[CHARGES_KEY];
  return Array.isArray(charges) ? charges.filter(isCharge) : [];
}

/** Metadata that carries the charges too. */
export function withCharges(
  { customMetadata }: Pick<Event, "customMetadata">,
  charges: readonly Charge[],
): Record<string, unknown> {
  const already = chargesOn({ customMetadata });
  const added = charges.filter(({ id }) => !already.some((charge) => charge.id === id));
  return { ...customMetadata, [CHARGES_KEY]: [...already, ...added] };
}

/**
 * What a stored event says was spent: the charges it carries, and those of the agent tool's event in it; where it carries none,
 * the usage it tells.
 */
export function chargesOf(event: Event, prices: Prices): Charge[] {
  const { toolRecord, invocationId } = event;
  // The run that pays is the caller's, whoever is the agent tool's.
  const nested = toolRecord?.event ? chargesOf({ ...toolRecord.event, invocationId }, prices) : [];
  const carried = chargesOn(event);
  if (carried.length > 0) return [...carried, ...nested];
  const tokens = tokensOf(event.usageMetadata);
  if (!tokens || tokens.input + tokens.output === 0) return nested;
  const cost = prices.cost(event.modelVersion, tokens);
  const id = `usage-of-${event.id}`;
  const told = { id, run: invocationId, calls: 1, tokens: tokens.input + tokens.output, cost };
  return [told, ...nested];
}

function isCharge(value: unknown): value is Charge {
  const { id, run, calls, tokens, cost } = (value ?? {}) as Partial<Charge>;
  return typeof id === "string" && typeof run === "string" && [calls, tokens, cost].every(isAmount);
}

/** A charge that takes from what was spent is nobody's. */
function isAmount(value: unknown): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
