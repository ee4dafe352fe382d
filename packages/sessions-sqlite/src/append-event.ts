import type { AppendCommand, Appended, Outcome } from "@adk/core";
import { recordChange } from "./changes.ts";
import type { Connection } from "./connection.ts";
import { patchHeader } from "./header-patch.ts";
import { mergeState } from "./scoped-state.ts";
import { isExpired, type Moment } from "./session-row.ts";

const FIND = /* sql */ `
SELECT sid, last_sequence, last_update_time, lease_id, lease_until, invocation_id, cancel_requested
FROM adk_session WHERE app_name = ? AND user_id = ? AND session_id = ? AND incarnation = ?`;
const FIND_EVENT = /* sql */ `
SELECT position & 4294967295, data = ? FROM adk_event WHERE sid = ? AND id = ?`;
const INSERT_EVENT = /* sql */ `
INSERT INTO adk_event (position, sid, id, data) VALUES ((? << 32) | ?, ?, ?, ?)`;
const ADVANCE = /* sql */ `UPDATE adk_session SET last_sequence = ?, last_update_time = ? WHERE sid = ?`;
const ADVANCE_LEASED = /* sql */ `
UPDATE adk_session SET last_sequence = ?, last_update_time = ?, lease_until = ? WHERE sid = ?`;

/** The append of the contract, inside a write transaction: all checks stand before the first write. */
export function appendEvent(
  connection: Connection,
  command: AppendCommand,
  moment: Moment,
): Outcome<Appended> {
  const { appName, userId, sessionId, incarnation, id, data, delta, lease } = command;
  const found = connection.get(FIND, appName, userId, sessionId, incarnation);
  if (!found) return { status: "gone" };
  const [sid, lastSequence, updatedAt, leaseId, leaseUntil, invocationId, cancel] = found as [
    number,
    number,
    number,
    string | null,
    number | null,
    string | null,
    number,
  ];
  if (isExpired({ lastUpdateTime: updatedAt, leaseUntil }, moment)) return { status: "gone" };
  const stored = connection.get(FIND_EVENT, data, sid, id);
  if (stored) {
    const [sequence, isSame] = stored as [number, number];
    if (isSame === 0) return { status: "id-conflict", lastSequence };
    const cancelRequested = cancel === 1;
    return { status: "ok", sequence, lastUpdateTime: updatedAt, duplicate: true, cancelRequested };
  }
  if (lease && leaseId !== lease.leaseId) return { status: "fenced", lastSequence };
  const { expectedLastSequence = lastSequence } = command;
  if (expectedLastSequence !== lastSequence) return { status: "conflict", lastSequence };

  const sequence = lastSequence + 1;
  const lastUpdateTime = Math.max(updatedAt, moment.now);
  connection.run(INSERT_EVENT, sid, sequence, sid, id, data);
  if (delta) mergeState(connection, { sid, appName, userId }, delta);
  let cancelRequested = cancel === 1;
  if (lease) {
    const until = Math.ceil(moment.now + lease.ttlMs);
    connection.run(ADVANCE_LEASED, sequence, lastUpdateTime, until, sid);
    if (patchHeader(connection, { sid, invocationId }, lease.header)) cancelRequested = false;
  } else connection.run(ADVANCE, sequence, lastUpdateTime, sid);
  recordChange(connection, { incarnation, lastSequence: sequence });
  return { status: "ok", sequence, lastUpdateTime, duplicate: false, cancelRequested };
}
