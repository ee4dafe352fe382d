import type { BaseSessionService } from "@adk/core";
import { now } from "../history/now.ts";
import type { Final } from "../history/operation.ts";
import { Load } from "../load/load.ts";
import { readFinal } from "../load/read-final.ts";
import { pause } from "../pause.ts";
import { until } from "../until.ts";
import type { LineContext } from "./line.ts";

/** Fewer acknowledged operations prove little. */
export const LEAST_ACKNOWLEDGED = 5_000;
/** A machine that needs longer for them is too slow, or the store does not recover. */
const LONGEST_MS = 240_000;

export interface UnderLoadOptions {
  /** Workers use them in turn. */
  readonly services: readonly BaseSessionService[];
  /** Undisturbed: it reads what is there at the end. */
  readonly direct: BaseSessionService;
  /** What followers read with; absent: nobody follows. */
  readonly following?: BaseSessionService;
  /** How long followers may need for the rest when nobody writes any more. @defaultValue 20,000 ms */
  readonly followersWithinMs?: number;
  /** @defaultValue 12 */
  readonly writers?: number;
  /** @defaultValue 4 */
  readonly sessions?: number;
  /** The longest pause of a worker between two operations. @defaultValue 4 ms */
  readonly longestPauseMs?: number;
  /** Whose the sessions are, in turn. @defaultValue one user's */
  readonly userIds?: readonly string[];
  readonly faults: number;
  /** The n-th fault, from its beginning to its end. */
  readonly disturb: (n: number) => Promise<void>;
  /** Ends whoever else writes, before the end is read. */
  readonly settle?: () => Promise<void>;
}

/**
 * Writes for the line's seconds, and for as long as too little was acknowledged; spreads the faults over that time, and
 * sees that something is acknowledged between two of them and after the last.
 */
export async function underLoad(context: LineContext, options: UnderLoadOptions): Promise<Final> {
  const { history, tally, seed, seconds } = context;
  const { services, direct, following, faults, disturb } = options;
  const { writers = 12, sessions = 4, longestPauseMs = 4, followersWithinMs = 20_000 } = options;
  const load = new Load({
    services,
    following,
    history,
    tally,
    seed,
    writers,
    sessions,
    longestPauseMs,
    userIds: options.userIds,
  });
  const start = now();
  const slice = (seconds * 1_000) / (faults + 1);
  await load.start();
  // Who got what no store may answer writes no more: it is in the report, and there is nothing to wait for.
  const isWrong = (): boolean => tally.problems.length > 0;
  const goesOn = async (): Promise<void> => {
    const before = history.acknowledged;
    await until("something is acknowledged", () => history.acknowledged > before || isWrong());
  };
  await goesOn();
  for (let n = 0; n < faults; n++) {
    await pause(Math.max(0, start + slice * (n + 1) - now()));
    await disturb(n);
    await goesOn();
  }
  for (;;) {
    const left = seconds * 1_000 - (now() - start);
    if (left <= 0 && history.acknowledged >= LEAST_ACKNOWLEDGED) break;
    if (now() - start > LONGEST_MS || isWrong()) break;
    await pause(Math.max(50, Math.min(left, 500)));
  }
  await load.stop();
  await options.settle?.();
  const final = await readFinal(direct, history.sessions);
  const last = new Map(final.logs.map(({ session, lastSequence }) => [session, lastSequence]));
  await load.endFollowers(last, followersWithinMs);
  return final;
}
