import type { EraseCommand, Wake } from "@adk/core";
import { recordChange } from "./changes.ts";
import type { Connection } from "./connection.ts";
import type { Database } from "./database.ts";
import { aliveValues, IS_ALIVE, type Moment } from "./session-row.ts";

const FIND = /* sql */ `
SELECT sid FROM adk_session WHERE app_name = ? AND user_id = ? AND session_id = ? AND incarnation = ?`;
const OF_USER = /* sql */ `SELECT sid, incarnation FROM adk_session WHERE app_name = ? AND user_id = ? LIMIT ?`;
const FORGET_USER = /* sql */ `DELETE FROM adk_shared_state WHERE app_name = ? AND user_id = ?`;
const TO_GARBAGE = /* sql */ `INSERT INTO adk_garbage (sid) VALUES (?)`;
const DELETE_SESSION = /* sql */ `DELETE FROM adk_session WHERE sid = ?`;
const DELETE_DOC = /* sql */ `DELETE FROM adk_session_doc WHERE sid = ?`;
const DELETE_LABELS = /* sql */ `DELETE FROM adk_label WHERE sid = ?`;

const FIRST_GARBAGE = /* sql */ `SELECT sid FROM adk_garbage LIMIT 1`;
const SWEEP_EVENTS = /* sql */ `
DELETE FROM adk_event WHERE position IN (
  SELECT position FROM adk_event WHERE position BETWEEN ? << 32 AND (? << 32) | 4294967295 LIMIT ?)`;
const SWEEP_STATE = /* sql */ `
DELETE FROM adk_state WHERE sid = ? AND key IN (SELECT key FROM adk_state WHERE sid = ? LIMIT ?)`;
const FORGET_GARBAGE = /* sql */ `DELETE FROM adk_garbage WHERE sid = ?`;

/** So much is deleted in one transaction: others wait for its end. */
const SWEPT = 500;

/** So many sessions of a user end in one transaction. */
const ENDED = 100;

/**
 * Ends the lives that are asked for, a part of them when they are many, and sweeps a part of what they leave.
 *
 * @returns who is to be told, and whether the same must be done again.
 */
export function eraseSessions(
  connection: Connection,
  command: EraseCommand,
): { wakes: Wake[]; isMore: boolean; hasGarbage: boolean } {
  const { appName, userId } = command;
  const lives: { sid: number; incarnation: string }[] = [];
  let isMore = false;
  if (command.sessionId === undefined) {
    for (const [sid, incarnation] of connection.all(OF_USER, appName, userId, ENDED))
      lives.push({ sid: sid as number, incarnation: incarnation as string });
    isMore = lives.length === ENDED;
    if (!isMore) connection.run(FORGET_USER, appName, userId);
  } else {
    const { sessionId, incarnation } = command;
    const sid = connection.get(FIND, appName, userId, sessionId, incarnation)?.[0];
    if (typeof sid === "number") lives.push({ sid, incarnation });
  }
  for (const { sid, incarnation } of lives) {
    discard(connection, sid);
    recordChange(connection, { incarnation });
  }
  const wakes = lives.map(({ incarnation }) => ({ incarnation }));
  return { wakes, isMore, hasGarbage: sweep(connection) };
}

/** Ends one life of a session: its row goes at once. */
export function discard(connection: Connection, sid: number): void {
  connection.run(TO_GARBAGE, sid);
  connection.run(DELETE_SESSION, sid);
  connection.run(DELETE_DOC, sid);
  connection.run(DELETE_LABELS, sid);
}

/** Deletes a part of what ended lives have left. @returns whether more is left. */
export function sweep(connection: Connection): boolean {
  const sid = connection.get(FIRST_GARBAGE)?.[0];
  if (typeof sid !== "number") return false;
  if (connection.run(SWEEP_EVENTS, sid, sid, SWEPT).changes === SWEPT) return true;
  if (connection.run(SWEEP_STATE, sid, sid, SWEPT).changes === SWEPT) return true;
  connection.run(FORGET_GARBAGE, sid);
  return connection.get(FIRST_GARBAGE) !== undefined;
}

/** What was erased is overwritten in the file, and stands in the log until that is emptied. A reader may be in the way. */
export async function emptyLog(database: Database): Promise<void> {
  await database.call((connection) => connection.pragma("wal_checkpoint(TRUNCATE)"));
}

/** Where a search for what has expired stands. */
export interface PurgeStep {
  readonly after: number;
  readonly left: number;
}

const EXPIRED = /* sql */ `
SELECT s.sid, s.app_name, ${IS_ALIVE} FROM adk_session s WHERE s.sid > ? ORDER BY s.sid LIMIT ?`;
const LOOKED_AT = 1_000;

/**
 * Ends lives that have expired: one step, which looks at a thousand sessions at the most.
 *
 * @returns where to go on, and how many ended.
 */
export function purgeStep(
  connection: Connection,
  step: PurgeStep,
  moment: Moment & { readonly appName: string | undefined },
): { next: PurgeStep | undefined; count: number } {
  const { appName } = moment;
  const rows = connection.all(EXPIRED, ...aliveValues(moment), step.after, LOOKED_AT);
  let { after, left } = step;
  for (const [sid, app, isAlive] of rows) {
    if (left === 0) break;
    after = sid as number;
    if (isAlive === 1 || (appName !== undefined && app !== appName)) continue;
    discard(connection, after);
    left--;
  }
  const isOver = left === 0 || rows.length < LOOKED_AT;
  return { next: isOver ? undefined : { after, left }, count: step.left - left };
}
