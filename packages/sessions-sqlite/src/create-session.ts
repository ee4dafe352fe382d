import type { CreateCommand, Outcome, Snapshot } from "@adk/core";
import type { Connection } from "./connection.ts";
import { discard, sweep } from "./erase.ts";
import { patchHeader } from "./header-patch.ts";
import { writeLabels } from "./labels.ts";
import { readInitialState, toSnapshot } from "./read-session.ts";
import { readEvents } from "./read-events.ts";
import { mergeState } from "./scoped-state.ts";
import {
  findAnySession,
  findSession,
  isExpired,
  type Moment,
  type SessionRow,
} from "./session-row.ts";

const INSERT = /* sql */ `
INSERT INTO adk_session (app_name, user_id, session_id, incarnation, create_time, last_update_time, last_sequence, title,
  forked_from, forked_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const INSERT_DOC = /* sql */ `INSERT INTO adk_session_doc (sid, initial_state) VALUES (?, ?)`;
const COPY_EVENTS = /* sql */ `
INSERT INTO adk_event (position, sid, id, data)
SELECT (? << 32) | (position & 4294967295), ?, id, data FROM adk_event
WHERE position BETWEEN (? << 32) | 1 AND (? << 32) | ? ORDER BY position`;

/** Creates or forks, inside a write transaction: all checks stand before the first write. */
export function createSession(
  connection: Connection,
  command: CreateCommand,
  moment: Moment,
): Outcome<Snapshot> {
  const { appName, userId, incarnation, fork, shared } = command;
  const any = findAnySession(connection, command);
  const existing = any && !isExpired(any, moment) ? any : undefined;
  if (existing?.incarnation === incarnation) return created(connection, existing, moment);
  let source: SessionRow | undefined;
  if (fork) {
    source = findSession(connection, { appName, userId, sessionId: fork.sessionId }, moment);
    if (!source) return { status: "not-found" };
    if (source.incarnation !== fork.incarnation) return { status: "gone" };
    if (source.lastSequence < fork.atSequence)
      return { status: "conflict", lastSequence: source.lastSequence };
  }
  if (existing) return { status: "exists" };

  const initialState = source ? readInitialState(connection, source.sid) : command.initialState;
  if (any) {
    discard(connection, any.sid);
    sweep(connection);
  }
  const { lastRowid: sid } = connection.run(
    INSERT,
    appName,
    userId,
    command.sessionId,
    incarnation,
    moment.now,
    moment.now,
    fork?.atSequence ?? 0,
    command.title ?? source?.title ?? null,
    fork?.sessionId ?? null,
    fork?.atSequence ?? null,
  );
  connection.run(INSERT_DOC, sid, JSON.stringify(initialState));
  const labels = command.labels ?? parsed(source?.labels);
  if (labels) writeLabels(connection, sid, labels);
  const set = fork?.state ?? command.initialState;
  mergeState(connection, { sid, appName, userId }, { ...shared, session: { set, remove: [] } });
  if (fork && source) {
    if (fork.atSequence > 0)
      connection.run(COPY_EVENTS, sid, sid, source.sid, source.sid, fork.atSequence);
    patchHeader(connection, { sid, invocationId: null }, fork.header);
  }
  const row = findAnySession(connection, command);
  // It is there: this transaction wrote it.
  return created(connection, row as SessionRow, moment);
}

/** The answer to a creation: a fork's events as far as one step reads them, the rest is read in pages. */
function created(connection: Connection, row: SessionRow, { now }: Moment): Outcome<Snapshot> {
  const snapshot = toSnapshot(connection, row, { state: true }, now);
  const whole = { from: 1, to: row.lastSequence, limit: Infinity, descending: false };
  readEvents(connection, row.sid, whole, snapshot.events);
  return { status: "ok", ...snapshot };
}

function parsed(labels: string | null | undefined): Record<string, string> | undefined {
  return labels ? (JSON.parse(labels) as Record<string, string>) : undefined;
}
