import type { AcquireCommand, Grant, LeaseCommand, Outcome, Refusal } from "@adk/core";
import type { Connection } from "./connection.ts";
import { patchHeader } from "./header-patch.ts";
import { findSession, type Moment, type SessionRow } from "./session-row.ts";

const GRANT = /* sql */ `
UPDATE adk_session SET lease_id = ?, lease_owner = ?, lease_until = ?, epoch = ?, attempt = ? WHERE sid = ?`;
const EXTEND = /* sql */ `UPDATE adk_session SET lease_until = ? WHERE sid = ?`;
const END_INVOCATION = /* sql */ `
UPDATE adk_session SET invocation_id = NULL, attempt = 0, cancel_requested = 0 WHERE sid = ? AND invocation_id = ?`;
const RELEASE = /* sql */ `
UPDATE adk_session SET released_lease_id = lease_id, lease_id = NULL, lease_owner = NULL, lease_until = NULL WHERE sid = ?`;

/** Grants, extends or takes back, inside a write transaction. */
export function leaseSession(
  connection: Connection,
  command: LeaseCommand,
  moment: Moment,
): Outcome<{ grant: Grant }> {
  if (command.op === "acquire") {
    const acquired = acquireLease(connection, command, moment);
    return "row" in acquired
      ? { status: "ok", grant: toGrant(acquired.row, moment.now) }
      : acquired;
  }
  const row = findSession(connection, command, moment);
  if (!row) return { status: "not-found" };
  const { sid, lastSequence } = row;
  const isHolder = row.leaseId === command.leaseId;
  if (command.op === "renew") {
    if (!isHolder) return { status: "fenced", lastSequence };
    connection.run(EXTEND, Math.ceil(moment.now + command.ttlMs), sid);
  } else if (isHolder) {
    if (command.header) patchHeader(connection, row, command.header);
    if (command.ended !== undefined) connection.run(END_INVOCATION, sid, command.ended);
    connection.run(RELEASE, sid);
  }
  const changed = findSession(connection, command, { ...moment, ttlMs: Infinity }) ?? row;
  return { status: "ok", grant: toGrant(changed, moment.now) };
}

/** @returns the row under the lease, or why it was refused. */
export function acquireLease(
  connection: Connection,
  command: AcquireCommand,
  moment: Moment,
): { row: SessionRow } | Refusal {
  const row = findSession(connection, command, moment);
  if (!row) return { status: "not-found" };
  const { now } = moment;
  const { leaseId, owner } = command;
  const leaseUntil = Math.ceil(now + command.ttlMs);
  if (row.leaseId === leaseId) {
    connection.run(EXTEND, leaseUntil, row.sid);
    return { row: { ...row, leaseUntil } };
  }
  if (row.releasedLeaseId === leaseId) return { status: "fenced", lastSequence: row.lastSequence };
  if (row.leaseUntil !== null && row.leaseUntil > now)
    return { status: "busy", expiresInMs: row.leaseUntil - now };
  const epoch = Math.max(row.epoch + 1, now);
  const attempt = row.attempt + (row.invocationId === null ? 0 : 1);
  connection.run(GRANT, leaseId, owner, leaseUntil, epoch, attempt, row.sid);
  return { row: { ...row, leaseId, leaseUntil, epoch, attempt } };
}

export function toGrant(row: SessionRow, now: number): Grant {
  const { incarnation, epoch, attempt, cancelRequested, lastSequence, invocationId } = row;
  return {
    incarnation,
    epoch,
    attempt,
    expiresInMs: Math.max(0, (row.leaseUntil ?? now) - now),
    cancelRequested,
    lastSequence,
    ...(invocationId !== null && { invocationId }),
  };
}
