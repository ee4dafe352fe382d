import type { HeaderPatch } from "@adk/core";
import type { Connection } from "./connection.ts";

const OPEN_INVOCATION = /* sql */ `UPDATE adk_session SET invocation_id = ?, attempt = 1, cancel_requested = 0 WHERE sid = ?`;
const SET_PENDING = /* sql */ `UPDATE adk_session_doc SET pending_calls = ? WHERE sid = ?`;
const FLAG_PENDING = /* sql */ `UPDATE adk_session SET has_pending = ? WHERE sid = ? AND has_pending <> ?`;
const SET_WINDOW = /* sql */ `UPDATE adk_session SET window_from = ? WHERE sid = ?`;
const SET_KEPT = /* sql */ `UPDATE adk_session_doc SET kept = ? WHERE sid = ?`;

/**
 * Applies a patch. Each column has its own statement: one that names an indexed column rewrites the index, and most appends
 * patch nothing.
 *
 * @returns whether another invocation was opened.
 */
export function patchHeader(
  connection: Connection,
  session: { readonly sid: number; readonly invocationId: string | null },
  patch: HeaderPatch,
): boolean {
  const { sid, invocationId } = session;
  const opens = patch.invocationId !== undefined && patch.invocationId !== invocationId;
  if (patch.invocationId !== undefined && opens)
    connection.run(OPEN_INVOCATION, patch.invocationId, sid);
  if (patch.pendingCalls !== undefined) {
    connection.run(SET_PENDING, patch.pendingCalls, sid);
    const flag = patch.pendingCalls === null ? 0 : 1;
    connection.run(FLAG_PENDING, flag, sid, flag);
  }
  if (patch.windowFrom !== undefined) connection.run(SET_WINDOW, patch.windowFrom, sid);
  if (patch.kept !== undefined) connection.run(SET_KEPT, patch.kept, sid);
  return opens;
}
