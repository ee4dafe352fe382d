import type { StoredEvent } from "@adk/core";
import type { Connection } from "./connection.ts";

/** Which events, both ends inclusive. */
export interface EventRange {
  readonly from: number;
  readonly to: number;
  readonly limit: number;
  readonly descending: boolean;
}

/** What one step reads at the most: the event loop waits for it. */
const STEP_EVENTS = 1_000;
const STEP_LENGTH = 4_000_000;

/** The end of a session's positions; sequences are whole numbers below it. */
const LAST = 2 ** 32 - 1;

const SELECT = /* sql */ `
SELECT position & 4294967295, id, data FROM adk_event
WHERE position BETWEEN (? << 32) | ? AND (? << 32) | ? ORDER BY position`;
const UPWARD = `${SELECT} LIMIT ?`;
const DOWNWARD = `${SELECT} DESC LIMIT ?`;

/**
 * One step of reading a range.
 *
 * @returns what is left to read, `undefined` when that was all.
 */
export function readEvents(
  connection: Connection,
  sid: number,
  range: EventRange,
  events: StoredEvent[],
): EventRange | undefined {
  const { limit, descending } = range;
  const from = Math.max(1, range.from);
  const to = Math.min(range.to, LAST);
  if (from > to || limit <= 0) return undefined;
  const most = Math.min(limit, STEP_EVENTS);
  const sql = descending ? DOWNWARD : UPWARD;
  let length = 0;
  let count = 0;
  let last = 0;
  for (const [sequence, id, data] of connection.iterate(sql, sid, from, sid, to, most)) {
    last = sequence as number;
    events.push(Object.freeze({ sequence: last, id: id as string, data: data as string }));
    count++;
    length += (data as string).length;
    if (length >= STEP_LENGTH) break;
  }
  const isAll = count === limit || (count < most && length < STEP_LENGTH);
  if (isAll) return undefined;
  const rest = descending ? { from, to: last - 1 } : { from: last + 1, to };
  return { ...rest, limit: limit - count, descending };
}
