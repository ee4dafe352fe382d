import type { Event, LlmResponse } from "@adk/core";
import type { AsStored } from "../internal/as-stored.ts";

/**
 * An answer of a model, or what can be shown of it so far: a secret may be split between two pieces, so their text is held back.
 *
 * @param id the same for the pieces and the whole, and nobody else's.
 */
export function shownAnswers(stored: AsStored, id: string, response: LlmResponse): LlmResponse[] {
  return stored.shown(stored.made({ ...response, id })).map(answerOf);
}

/** No more of that answer comes: what was held back of it. */
export function heldBack(stored: AsStored, id: string): LlmResponse[] {
  return stored.shown(stored.made({ id })).slice(0, -1).map(answerOf);
}

/** Without what an event has beside the answer. */
function answerOf(event: Event): LlmResponse {
  const { id: _, invocationId: _i, author: _a, actions: _s, timestamp: _t, ...rest } = event;
  const { redactedCalls: _c, ...answer } = rest;
  return answer;
}
