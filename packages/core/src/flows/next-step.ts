import type { Event } from "../events/event.ts";
import { getFunctionCalls, isFinalResponse } from "../events/predicates.ts";

export type Step =
  | { readonly kind: "model" }
  | { readonly kind: "tools"; readonly event: Event }
  | { readonly kind: "end" };

const MODEL: Step = { kind: "model" };
const END: Step = { kind: "end" };

/**
 * What an LLM agent does next, decided from the stored events of its run alone.
 *
 * @param executed ids of the events whose calls were made.
 */
export function nextStep(events: readonly Event[], executed: ReadonlySet<string>): Step {
  const open = events.find(
    (event) => !executed.has(event.id) && getFunctionCalls(event).length > 0,
  );
  if (open) return { kind: "tools", event: open };
  const last = events.at(-1);
  if (last === undefined) return MODEL;
  if (last.actions.transferToAgent !== undefined) return END;
  return isFinalResponse(last) ? END : MODEL;
}
