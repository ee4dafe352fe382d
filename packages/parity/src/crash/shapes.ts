import type { Shape } from "./shape.ts";
import { CUSTOM, PARALLELS, SEQUENCES, TRANSFERS } from "./shapes/agents.ts";
import { HOOKS } from "./shapes/hooks.ts";
import { CALLS, MORE_NESTED, RUNS } from "./shapes/more.ts";
import { NESTED } from "./shapes/nested.ts";
import { CONFIRMATIONS, EAGER, LONG_RUNNING, PLAIN, STATE } from "./shapes/tools.ts";

/** Every shape of app that runs are cut in. */
export const SHAPES: readonly Shape[] = [
  ...PLAIN,
  ...STATE,
  ...LONG_RUNNING,
  ...CONFIRMATIONS,
  ...EAGER,
  ...SEQUENCES,
  ...PARALLELS,
  ...TRANSFERS,
  ...CUSTOM,
  ...NESTED,
  ...HOOKS,
  ...CALLS,
  ...MORE_NESTED,
  ...RUNS,
];
