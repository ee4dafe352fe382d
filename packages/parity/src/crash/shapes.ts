import type { Shape } from "./shape.ts";
import { CUSTOM, PARALLELS, SEQUENCES, TRANSFERS } from "./shapes/agents.ts";
import { HOOKS } from "./shapes/hooks.ts";
import { CALLS, MORE_NESTED, RUNS } from "./shapes/more.ts";
import { NESTED } from "./shapes/nested.ts";
import { REPEATS } from "./shapes/repeats.ts";
import { CONFIRMATIONS, LONG_RUNNING, PLAIN, STATE } from "./shapes/tools.ts";

const PATIENT: readonly Shape[] = [
  ...PLAIN,
  ...STATE,
  ...LONG_RUNNING,
  ...CONFIRMATIONS,
  ...SEQUENCES,
  ...PARALLELS,
  ...TRANSFERS,
  ...CUSTOM,
  ...NESTED,
  ...HOOKS,
  ...CALLS,
  ...MORE_NESTED,
  ...RUNS,
  ...REPEATS,
];

/** Of these the answer comes right after the crash, too: what is said must not depend on what the call left before it. */
const EAGER: ReadonlySet<string> = new Set([
  "long-silent",
  "long-two-one-by-one",
  "long-two-at-once",
  "long-beside-normal",
  "confirm-one",
  "confirm-two-at-once",
  "sequence-pauses",
  "loop-of-parallel-pauses-in-pass-2",
  "parallel-both-pause-one-by-one",
  "parallel-both-answered-in-one-message",
  "transfer-then-pause",
  "agent-tool-waits",
  "agent-tool-waits-twice",
  "agent-tool-nested-waits",
  "agent-tools-wait-in-two-branches",
]);

/** Every shape of app that runs are cut in. */
export const SHAPES: readonly Shape[] = [
  ...PATIENT,
  ...PATIENT.filter(({ name }) => EAGER.has(name)).map((shape) => ({
    ...shape,
    name: `${shape.name}-eager`,
    isEager: true,
  })),
];
