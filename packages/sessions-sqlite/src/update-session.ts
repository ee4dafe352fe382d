import type { Outcome, SessionHeader, UpdateCommand, Wake } from "@adk/core";
import { recordChange } from "./changes.ts";
import type { Connection } from "./connection.ts";
import { writeLabels } from "./labels.ts";
import { findSession, toHeader, type Moment, type SessionRow } from "./session-row.ts";

const CANCEL = /* sql */ `UPDATE adk_session SET cancel_requested = 1 WHERE sid = ?`;
const SET_TITLE = /* sql */ `UPDATE adk_session SET title = ? WHERE sid = ?`;

/** Title and labels, or the wish to cancel, inside a write transaction. `wake` is what watchers are told. */
export function updateSession(
  connection: Connection,
  command: UpdateCommand,
  moment: Moment,
): { outcome: Outcome<{ header: SessionHeader }>; wake?: Wake } {
  const row = findSession(connection, command, moment);
  if (!row) return { outcome: { status: "not-found" } };
  if (command.incarnation !== undefined && command.incarnation !== row.incarnation)
    return { outcome: { status: "gone" } };
  if (command.cancel === undefined) {
    if (command.title !== undefined) connection.run(SET_TITLE, command.title, row.sid);
    if (command.labels) patchLabels(connection, row, command.labels);
    return { outcome: changed(connection, command, moment) };
  }
  if (row.invocationId !== command.cancel) return { outcome: { status: "not-open" } };
  connection.run(CANCEL, row.sid);
  const wake: Wake = { incarnation: row.incarnation, cancel: true };
  recordChange(connection, wake);
  return { outcome: changed(connection, command, moment), wake };
}

function patchLabels(
  connection: Connection,
  { sid, labels: text }: SessionRow,
  patch: Readonly<Record<string, string | null>>,
): void {
  const labels = new Map(Object.entries(JSON.parse(text ?? "{}") as Record<string, string>));
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) labels.delete(name);
    else labels.set(name, value);
  }
  writeLabels(connection, sid, Object.fromEntries(labels));
}

function changed(
  connection: Connection,
  command: UpdateCommand,
  moment: Moment,
): Outcome<{ header: SessionHeader }> {
  const row = findSession(connection, command, moment);
  return row ? { status: "ok", header: toHeader(row, moment.now) } : { status: "not-found" };
}
