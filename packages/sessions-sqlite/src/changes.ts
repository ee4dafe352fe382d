import type { Wake } from "@adk/core";
import type { Connection } from "./connection.ts";

/** So many hints are kept for processes that look late; one that looks later than that has its own timers. */
const KEPT = 4096;
const TRIM_EVERY = 1024;

const RECORD = /* sql */ `INSERT INTO adk_change (incarnation, last_sequence, cancel) VALUES (?, ?, ?)`;
const TRIM = /* sql */ `DELETE FROM adk_change WHERE n <= ?`;
const LAST = /* sql */ `SELECT max(n) FROM adk_change`;
const SINCE = /* sql */ `SELECT n, incarnation, last_sequence, cancel FROM adk_change WHERE n > ? ORDER BY n`;

/** Leaves a hint for the processes that watch this file. */
export function recordChange(connection: Connection, wake: Wake): void {
  const { incarnation, lastSequence = null, cancel } = wake;
  const { lastRowid } = connection.run(RECORD, incarnation, lastSequence, cancel ? 1 : 0);
  if (lastRowid % TRIM_EVERY === 0) connection.run(TRIM, lastRowid - KEPT);
}

/** Where the hints end now. */
export function lastChange(connection: Connection): number {
  return Number(connection.get(LAST)?.[0] ?? 0);
}

/** The hints after `n`, and where they end. */
export function changesSince(connection: Connection, n: number): { last: number; wakes: Wake[] } {
  const rows = connection.all(SINCE, n);
  const wakes = rows.map(([, incarnation, lastSequence, cancel]) => {
    const wake: Wake = { incarnation: incarnation as string };
    if (lastSequence !== null) wake.lastSequence = lastSequence as number;
    if (cancel === 1) wake.cancel = true;
    return wake;
  });
  return { last: Number(rows.at(-1)?.[0] ?? n), wakes };
}
