import type { RecordedHistory } from "../history/recorded-history.ts";
import type { Final } from "../history/operation.ts";
import type { Tally } from "../load/tally.ts";
import type { Random } from "../random.ts";
import type { StoreName } from "../stores/address.ts";

/** What a line is given, and where it writes down what it sees. */
export interface LineContext {
  readonly store: StoreName;
  readonly seed: number;
  readonly random: Random;
  /** How long it writes, at the least. */
  readonly seconds: number;
  readonly history: RecordedHistory;
  readonly tally: Tally;
}

/** What a line found when nothing disturbed any more. */
export interface LineResult {
  /** As the store said it. */
  readonly durability: string;
  readonly faults: number;
  readonly final: Final;
  /** What else a reader of the report wants to know. */
  readonly notes?: readonly string[];
  /** What this store does not promise here, and is counted, not checked. */
  readonly lossIsCounted?: boolean;
}

/** One fault, on the stores that it can befall. */
export interface Line {
  readonly name: string;
  readonly stores: readonly StoreName[];
  readonly fault: string;
  readonly must: string;
  /** With fewer faults the line is wrong. */
  readonly leastFaults: number;
  /** Some answers must have been lost: a line without one has disturbed nothing. */
  readonly needsUnknown?: boolean;
  run(context: LineContext): Promise<LineResult>;
}
