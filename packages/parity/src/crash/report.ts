import type { Event } from "@adk/core";
import type { CutDifference } from "./cut.ts";

/** What came of all cuts on one store. */
export interface Total {
  readonly cuts: number;
  readonly differences: number;
  /** What else there is to say. */
  readonly note?: string | undefined;
}

/** Differences of one shape. */
const MOST_SHOWN = 5;

/** Prints the first differences of a shape, and how many more there are. */
export function printDifferences(differences: readonly CutDifference[]): void {
  for (const difference of differences.slice(0, MOST_SHOWN)) console.log(words(difference));
  if (differences.length > MOST_SHOWN)
    console.log(`${differences[0]?.shape}: ${differences.length - MOST_SHOWN} more`);
}

/** Prints a log, an event a line. */
export function printLog(events: readonly Event[]): void {
  for (const { timestamp: _, ...event } of events) console.log(JSON.stringify(event));
}

function words({ shape, cuts, byId, problem }: CutDifference): string {
  const where = cuts.length === 0 ? "no cut" : `k ${cuts.join(",")}${byId ? " by id" : ""}`;
  return `${shape}, ${where}: ${problem}`;
}
