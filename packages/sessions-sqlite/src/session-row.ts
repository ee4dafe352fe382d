import type { Encoded, SessionHeader, SessionKey } from "@adk/core";
import type { Connection, Row } from "./connection.ts";

/** The moment of a command, and how long sessions live after their last change. */
export interface Moment {
  readonly now: number;
  /** `Infinity` keeps them for ever. */
  readonly ttlMs: number;
}

/** A session as its row says. */
export interface SessionRow extends SessionKey {
  readonly sid: number;
  readonly incarnation: string;
  readonly createTime: number;
  readonly lastUpdateTime: number;
  readonly lastSequence: number;
  readonly windowFrom: number;
  readonly title: string | null;
  readonly labels: string | null;
  readonly forkedFrom: string | null;
  readonly forkedAt: number | null;
  readonly invocationId: string | null;
  readonly attempt: number;
  readonly cancelRequested: boolean;
  readonly epoch: number;
  readonly leaseId: string | null;
  readonly leaseUntil: number | null;
  readonly releasedLeaseId: string | null;
  readonly pendingCalls: Encoded | null;
}

/** What {@link toRow} reads, of a table that is called `s`. */
export const COLUMNS = /* sql */ `
  s.sid, s.app_name, s.user_id, s.session_id, s.incarnation, s.create_time, s.last_update_time, s.last_sequence,
  s.window_from, s.title, s.labels, s.forked_from, s.forked_at, s.invocation_id, s.attempt, s.cancel_requested, s.epoch,
  s.lease_id, s.lease_until, s.released_lease_id,
  CASE WHEN s.has_pending = 1 THEN (SELECT pending_calls FROM adk_session_doc WHERE sid = s.sid) END`;

/** Activity and a lease that is held keep a session. Its parameters: {@link aliveValues}. */
export const IS_ALIVE = /* sql */ `(? IS NULL OR max(s.last_update_time + ?, ifnull(s.lease_until, 0)) > ?)`;

/** Node 22 binds no numbered parameters, so values stand as often as they are used. */
export function aliveValues({ now, ttlMs }: Moment): (number | null)[] {
  const ttl = ttlMs === Infinity ? null : ttlMs;
  return [ttl, ttl, now];
}

const FIND = /* sql */ `SELECT ${COLUMNS} FROM adk_session s WHERE s.app_name = ? AND s.user_id = ? AND s.session_id = ?`;

/** The session, unless there is none or it has expired. */
export function findSession(
  connection: Connection,
  key: SessionKey,
  moment: Moment,
): SessionRow | undefined {
  const row = findAnySession(connection, key);
  return row && !isExpired(row, moment) ? row : undefined;
}

/** The session, also when it has expired. */
export function findAnySession(connection: Connection, key: SessionKey): SessionRow | undefined {
  const row = connection.get(FIND, key.appName, key.userId, key.sessionId);
  return row && toRow(row);
}

export function isExpired(
  { lastUpdateTime, leaseUntil }: Pick<SessionRow, "lastUpdateTime" | "leaseUntil">,
  { now, ttlMs }: Moment,
): boolean {
  return Math.max(lastUpdateTime + ttlMs, leaseUntil ?? 0) <= now;
}

export function toRow(row: Row): SessionRow {
  const text = (index: number): string => row[index] as string;
  const number = (index: number): number => row[index] as number;
  return {
    sid: number(0),
    appName: text(1),
    userId: text(2),
    sessionId: text(3),
    incarnation: text(4),
    createTime: number(5),
    lastUpdateTime: number(6),
    lastSequence: number(7),
    windowFrom: number(8),
    title: row[9] as string | null,
    labels: row[10] as string | null,
    forkedFrom: row[11] as string | null,
    forkedAt: row[12] as number | null,
    invocationId: row[13] as string | null,
    attempt: number(14),
    cancelRequested: row[15] === 1,
    epoch: number(16),
    leaseId: row[17] as string | null,
    leaseUntil: row[18] as number | null,
    releasedLeaseId: row[19] as string | null,
    pendingCalls: row[20] as string | null,
  };
}

export function toHeader(row: SessionRow, now: number): SessionHeader {
  const header: SessionHeader = {
    appName: row.appName,
    userId: row.userId,
    sessionId: row.sessionId,
    incarnation: row.incarnation,
    createTime: row.createTime,
    lastUpdateTime: row.lastUpdateTime,
    lastSequence: row.lastSequence,
    windowFrom: row.windowFrom,
    attempt: row.attempt,
    cancelRequested: row.cancelRequested,
  };
  if (row.title !== null) header.title = row.title;
  if (row.labels !== null) header.labels = JSON.parse(row.labels) as Record<string, string>;
  if (row.forkedFrom !== null && row.forkedAt !== null)
    header.forkedFrom = { sessionId: row.forkedFrom, sequence: row.forkedAt };
  if (row.pendingCalls !== null) header.pendingCalls = row.pendingCalls;
  if (row.invocationId !== null) header.invocationId = row.invocationId;
  if (row.leaseUntil !== null && row.leaseUntil > now)
    header.leaseExpiresInMs = row.leaseUntil - now;
  return header;
}
