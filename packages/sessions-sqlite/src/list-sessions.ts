import { AdkError, type ListCommand, type Page, type SessionHeader } from "@adk/core";
import type { SQLInputValue } from "node:sqlite";
import type { Connection } from "./connection.ts";
import { aliveValues, COLUMNS, IS_ALIVE, toHeader, toRow, type Moment } from "./session-row.ts";

/** A page of headers, newest first. */
export function listSessions(
  connection: Connection,
  command: ListCommand,
  moment: Moment,
): Page<SessionHeader> {
  const { pageSize, pageToken, orderBy = "createTime" } = command;
  const { now } = moment;
  const byUpdate = orderBy === "lastUpdateTime";
  const values: SQLInputValue[] = aliveValues(moment);
  const conditions = [IS_ALIVE];
  const where = (condition: string, ...more: SQLInputValue[]): void => {
    conditions.push(condition);
    values.push(...more);
  };
  where("s.app_name = ?", command.appName);
  if (command.userId !== undefined) where("s.user_id = ?", command.userId);
  if (command.pending) where("s.has_pending = 1");
  if (command.interrupted)
    where("s.invocation_id IS NOT NULL AND ifnull(s.lease_until, 0) <= ?", now);
  for (const [name, value] of Object.entries(command.labels ?? {}))
    where(
      "EXISTS (SELECT 1 FROM adk_label l WHERE l.sid = s.sid AND l.name = ? AND l.value = ?)",
      name,
      value,
    );
  if (pageToken !== undefined) {
    const [time, sid] = decodeToken(orderBy, pageToken);
    if (byUpdate) where("(s.last_update_time, s.sid) < (?, ?)", time, sid);
    else where("s.sid < ?", sid);
  }
  values.push(pageSize + 1);
  const order = byUpdate ? "s.last_update_time DESC, s.sid DESC" : "s.sid DESC";
  const sql = /* sql */ `SELECT ${COLUMNS} FROM adk_session s WHERE ${conditions.join(" AND ")} ORDER BY ${order} LIMIT ?`;
  const rows = connection.all(sql, ...values).map(toRow);
  const page = rows.slice(0, pageSize);
  const items = page.map((row) => toHeader(row, now));
  const last = page.at(-1);
  return rows.length > pageSize && last
    ? { items, nextPageToken: encodeToken(orderBy, last.lastUpdateTime, last.sid) }
    : { items };
}

function encodeToken(orderBy: string, time: number, sid: number): string {
  return Buffer.from(JSON.stringify([orderBy, time, sid])).toString("base64url");
}

function decodeToken(orderBy: string, token: string): [time: number, sid: number] {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(token, "base64url").toString());
  } catch {
    parts = undefined;
  }
  const [kind, time, sid] = Array.isArray(parts) ? (parts as unknown[]) : [];
  if (kind !== orderBy || typeof time !== "number" || typeof sid !== "number")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "`pageToken` is not a token of this list. Pass the `nextPageToken` of the page before, with the same filters, or none for the first page.",
    );
  return [time, sid];
}
