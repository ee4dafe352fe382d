import { randomId, type IdSource } from "../internal/ids.ts";

/** Begins the ids of calls that the model gave none; they are removed again before a model sees them. */
export const AF_FUNCTION_CALL_ID_PREFIX = "adk-";

/** An id for a function call that the model gave none. */
export function generateClientFunctionCallId(newId: IdSource = randomId): string {
  return `${AF_FUNCTION_CALL_ID_PREFIX}${newId()}`;
}
