import type { Event } from "@adk/core";

/** What came of a run. */
export type RunOutcome =
  | { readonly kind: "ended"; readonly events: readonly Event[] }
  | { readonly kind: "failed"; readonly error: unknown }
  /** The world is dead. */
  | { readonly kind: "died" };
