import { checkHistory } from "./check/check-history.ts";
import { RecordedHistory } from "./history/recorded-history.ts";
import { now } from "./history/now.ts";
import type { Line } from "./lines/line.ts";
import { LEAST_ACKNOWLEDGED } from "./lines/under-load.ts";
import { Tally } from "./load/tally.ts";
import { randomOf } from "./random.ts";
import type { Report } from "./report.ts";
import type { StoreName } from "./stores/address.ts";

export interface RunLineOptions {
  readonly store: StoreName;
  readonly seed: number;
  readonly seconds: number;
}

/** Runs one line on one store, checks its history, and says what came of it. What is wrong is in `problems`. */
export async function runLine(line: Line, options: RunLineOptions): Promise<Report> {
  const { store, seed, seconds } = options;
  const history = new RecordedHistory();
  const tally = new Tally();
  const start = now();
  const random = randomOf(seed, line.name);
  const result = await line.run({ store, seed, seconds, random, history, tally });
  const tookSeconds = (now() - start) / 1_000;
  const { durability, faults, final, notes = [], lossIsCounted = false } = result;
  const violations = checkHistory({
    operations: history.operations,
    followed: history.followed,
    ...final,
  });
  const count = (kind: string): number => violations.filter((each) => each.kind === kind).length;
  const neverAnswered = history.operations.filter(
    ({ op, outcome }) => op === "append" && outcome === "unknown",
  ).length;
  const unknown = tally.unknown + neverAnswered;
  const problems = [...tally.problems];
  if (!lossIsCounted)
    for (const { invariant, session, words } of violations)
      problems.push(`${invariant}, session ${session}: ${words}`);
  if (lossIsCounted && count("lost") === 0)
    problems.push("nothing was lost: the fault did not happen");
  if (!lossIsCounted && tally.codes.has("SESSION_REGRESSED"))
    problems.push("the store went back in time (SESSION_REGRESSED)");
  if (history.acknowledged < LEAST_ACKNOWLEDGED)
    problems.push(`only ${history.acknowledged} operations were acknowledged`);
  if (faults < line.leastFaults) problems.push(`only ${faults} faults happened`);
  if (line.needsUnknown && unknown === 0) problems.push("no outcome was unknown");
  return {
    line: line.name,
    store,
    seed,
    durability,
    acknowledged: history.acknowledged,
    unknown,
    lost: count("lost"),
    duplicated: count("duplicated"),
    outOfOrder: count("out-of-order"),
    faults,
    seconds: tookSeconds,
    notes: tally.words === "" ? notes : [...notes, `met ${tally.words}`],
    problems,
  };
}
