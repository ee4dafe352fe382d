import type { Append, Deletion, Grant, History, Read, SessionLog } from "../history/operation.ts";

/** A session's part of a history, found without searching. */
export interface IndexedSession {
  readonly session: string;
  /** Absent: there is no such session at the end. */
  readonly log: SessionLog | undefined;
  /** Of all lives, by event id. */
  readonly appends: ReadonlyMap<string, Append>;
  readonly reads: readonly Read[];
  readonly grants: readonly Grant[];
  readonly deletions: readonly Deletion[];
  /** Where the log has an event: more than one place is wrong. */
  readonly places: ReadonlyMap<string, readonly number[]>;
}

/** By session id. */
export function indexed(history: History): ReadonlyMap<string, IndexedSession> {
  const sessions = new Map<string, Building>();
  const at = (session: string): Building => {
    let entry = sessions.get(session);
    if (!entry) {
      entry = building(session);
      sessions.set(session, entry);
    }
    return entry;
  };
  for (const operation of history.operations) {
    const entry = at(operation.session);
    if (operation.op === "append") entry.appends.set(operation.eventId, operation);
    else if (operation.op === "read") entry.reads.push(operation);
    else if (operation.op === "grant") entry.grants.push(operation);
    else entry.deletions.push(operation);
  }
  for (const log of history.logs) {
    const entry = at(log.session);
    entry.log = log;
    for (const { id, sequence } of log.events) {
      const places = entry.places.get(id);
      if (places) places.push(sequence);
      else entry.places.set(id, [sequence]);
    }
  }
  return sessions;
}

/** The appends of the life that is there at the end, with their places; those that are nowhere are left out. */
export function* placed({
  log,
  appends,
  places,
}: IndexedSession): Generator<{ append: Append; sequence: number }, void, undefined> {
  for (const append of appends.values()) {
    const sequence = places.get(append.eventId)?.[0];
    if (sequence !== undefined && append.incarnation === log?.incarnation)
      yield { append, sequence };
  }
}

interface Building extends IndexedSession {
  log: SessionLog | undefined;
  readonly appends: Map<string, Append>;
  readonly reads: Read[];
  readonly grants: Grant[];
  readonly deletions: Deletion[];
  readonly places: Map<string, number[]>;
}

function building(session: string): Building {
  return {
    session,
    log: undefined,
    appends: new Map(),
    reads: [],
    grants: [],
    deletions: [],
    places: new Map(),
  };
}
