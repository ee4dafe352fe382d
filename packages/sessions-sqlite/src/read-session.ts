import type { ReadCommand, Snapshot, StoredEvent, Values } from "@adk/core";
import type { Connection } from "./connection.ts";
import type { EventRange } from "./read-events.ts";
import { readState } from "./scoped-state.ts";
import { toHeader, type SessionRow } from "./session-row.ts";

const INITIAL_STATE = /* sql */ `SELECT initial_state FROM adk_session_doc WHERE sid = ?`;
const KEPT = /* sql */ `SELECT kept FROM adk_session_doc WHERE sid = ?`;

/** The parts of a session that were asked for, with these events. */
export function toSnapshot(
  connection: Connection,
  row: SessionRow,
  wanted: Pick<ReadCommand, "state" | "initialState" | "kept">,
  now: number,
  events: StoredEvent[] = [],
): Snapshot {
  const snapshot: Snapshot = { header: toHeader(row, now), events };
  if (wanted.state) snapshot.state = readState(connection, row);
  if (wanted.initialState) snapshot.initialState = readInitialState(connection, row.sid);
  if (wanted.kept) {
    const kept = connection.get(KEPT, row.sid)?.[0];
    if (typeof kept === "string") snapshot.kept = kept;
  }
  return snapshot;
}

export function readInitialState(connection: Connection, sid: number): Values {
  const text = connection.get(INITIAL_STATE, sid)?.[0] as string | undefined;
  return Object.assign(Object.create(null) as Values, JSON.parse(text ?? "{}") as Values);
}

/** Which events a read asks for. */
export function toRange(row: SessionRow, events: ReadCommand["events"]): EventRange | undefined {
  if (!events) return undefined;
  const { from = 1, to = Infinity, limit = Infinity, descending = false } = events;
  return {
    from: from === "window" ? row.windowFrom : from,
    to: Math.min(to, row.lastSequence),
    limit,
    descending,
  };
}
