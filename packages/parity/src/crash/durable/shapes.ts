import type { Shape } from "../shape.ts";
import { SHAPES } from "../shapes.ts";

/**
 * Of each kind one: a cut in a real process takes as long as hundreds in memory. None keeps artifacts, which are in memory, and
 * in none a call reads state that one beside it writes: real stores answer in another order each time.
 */
const NAMES: ReadonlySet<string> = new Set([
  "three-tools-twice",
  "list-pushed-by-siblings",
  "state-in-all-scopes",
  "loop-of-sequence",
  "parallel-then-one",
  "transfer-chain",
  "confirm-two-one-by-one",
  "agent-tool-nested",
  "agent-tool-waits",
  "parallel-both-answered-in-one-message",
]);

/** The shapes of app that processes are killed in. */
export const DURABLE_SHAPES: readonly Shape[] = SHAPES.filter(({ name }) => NAMES.has(name));
