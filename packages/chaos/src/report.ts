import type { StoreName } from "./stores/address.ts";

/** What came of one line on one store. */
export interface Report {
  readonly line: string;
  readonly store: StoreName;
  readonly seed: number;
  readonly durability: string;
  readonly acknowledged: number;
  readonly unknown: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly outOfOrder: number;
  readonly faults: number;
  readonly seconds: number;
  readonly notes: readonly string[];
  /** Empty: all was as it must be. */
  readonly problems: readonly string[];
}

/** Problems of one line; the rest is counted. */
const MOST_SHOWN = 8;

/** The report as lines of text, the problems indented below the first. */
export function reportLines(report: Report): string[] {
  const { line, store, seed, durability, acknowledged, unknown, faults, seconds } = report;
  const { lost, duplicated, outOfOrder, notes, problems } = report;
  const parts = [
    `seed ${seed}`,
    durability,
    `${acknowledged} acknowledged, ${unknown} unknown, ${lost} lost, ${duplicated} duplicated, ${outOfOrder} out of order`,
    `${faults} faults in ${seconds.toFixed(1)} s`,
    ...notes,
    problems.length === 0 ? "ok" : "WRONG",
  ];
  const more = problems.length - MOST_SHOWN;
  return [
    `${line} ${store}: ${parts.join("; ")}`,
    ...problems.slice(0, MOST_SHOWN).map((problem) => `  ${problem}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
