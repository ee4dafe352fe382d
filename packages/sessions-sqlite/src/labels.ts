import type { Connection } from "./connection.ts";

const SET_LABELS = /* sql */ `UPDATE adk_session SET labels = ? WHERE sid = ?`;
const CLEAR = /* sql */ `DELETE FROM adk_label WHERE sid = ?`;
const INSERT = /* sql */ `INSERT INTO adk_label (sid, name, value) VALUES (?, ?, ?)`;

/** Replaces a session's labels: the row's copy is what is read, the table is what is searched. */
export function writeLabels(
  connection: Connection,
  sid: number,
  labels: Readonly<Record<string, string>>,
): void {
  connection.run(SET_LABELS, JSON.stringify(labels), sid);
  connection.run(CLEAR, sid);
  for (const [name, value] of Object.entries(labels)) connection.run(INSERT, sid, name, value);
}
