import { AdkError } from "@adk/core";
import type { Connection } from "./connection.ts";

/** "ADKS", in the header of every file of ours. */
const APPLICATION_ID = 0x41444b53;

/** Thousands are the major version: what this code does not know it must not touch. The rest only adds. */
const MAJOR = 1000;

interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** Forward only; a migration that was shipped never changes. */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 1000,
    sql: /* sql */ `
-- One life of a session. sid is the order of creation and is never given again.
CREATE TABLE adk_session (
  sid INTEGER PRIMARY KEY AUTOINCREMENT,
  app_name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  incarnation TEXT NOT NULL,
  create_time INTEGER NOT NULL,
  last_update_time INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL DEFAULT 0,
  window_from INTEGER NOT NULL DEFAULT 1,
  title TEXT,
  labels TEXT,
  forked_from TEXT,
  forked_at INTEGER,
  has_pending INTEGER NOT NULL DEFAULT 0,
  invocation_id TEXT,
  attempt INTEGER NOT NULL DEFAULT 0,
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  epoch INTEGER NOT NULL DEFAULT 0,
  lease_id TEXT,
  lease_owner TEXT,
  lease_until INTEGER,
  released_lease_id TEXT,
  UNIQUE (app_name, user_id, session_id)
) STRICT;
CREATE INDEX adk_session_of_app ON adk_session (app_name, sid);
CREATE INDEX adk_session_of_user ON adk_session (app_name, user_id, sid);
CREATE INDEX adk_session_open ON adk_session (app_name, sid) WHERE invocation_id IS NOT NULL;
CREATE INDEX adk_session_pending ON adk_session (app_name, sid) WHERE has_pending = 1;

-- What is large and seldom written.
CREATE TABLE adk_session_doc (
  sid INTEGER PRIMARY KEY,
  initial_state TEXT NOT NULL,
  pending_calls TEXT,
  kept TEXT
) STRICT;

CREATE TABLE adk_label (
  sid INTEGER NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (sid, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX adk_label_value ON adk_label (name, value, sid);

-- position = (sid << 32) | sequence: a session's events lie together, in their order.
CREATE TABLE adk_event (
  position INTEGER PRIMARY KEY,
  sid INTEGER NOT NULL,
  id TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX adk_event_id ON adk_event (sid, id);

CREATE TABLE adk_state (
  sid INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (sid, key)
) STRICT, WITHOUT ROWID;

-- user_id = '' holds the state of the app.
CREATE TABLE adk_shared_state (
  app_name TEXT NOT NULL,
  user_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (app_name, user_id, key)
) STRICT, WITHOUT ROWID;

-- Hints for other processes: what changed last. Old rows are thrown away.
CREATE TABLE adk_change (
  n INTEGER PRIMARY KEY,
  incarnation TEXT NOT NULL,
  last_sequence INTEGER,
  cancel INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Lives that are over, whose events and state are still to be deleted.
CREATE TABLE adk_garbage (sid INTEGER PRIMARY KEY) STRICT;

CREATE TABLE adk_migration (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;
`,
  },
];

/** The schema that this code writes. */
const CURRENT: number = MIGRATIONS.at(-1)?.version ?? 0;

/**
 * What stands in the file, before anything is written to it.
 *
 * @returns the schema's version; 0 for a file without any.
 * @throws {@link AdkError} `MISCONFIGURED` for another program's database, `SCHEMA_MISMATCH` for a newer major version.
 */
export function readVersion(connection: Connection, file: string): number {
  const application = Number(connection.pragma("application_id"));
  const version = Number(connection.pragma("user_version"));
  if (application !== APPLICATION_ID) {
    const isEmpty =
      application === 0 && connection.get("SELECT 1 FROM sqlite_schema LIMIT 1") === undefined;
    if (isEmpty) return 0;
    throw new AdkError(
      "MISCONFIGURED",
      `${JSON.stringify(file)} is a database of another program. Nothing was changed; name another file.`,
      { details: { reason: "foreign", committed: false } },
    );
  }
  if (Math.floor(version / MAJOR) > Math.floor(CURRENT / MAJOR))
    throw new AdkError(
      "SCHEMA_MISMATCH",
      `${JSON.stringify(file)} has schema ${version}, and this version of @adk/sessions-sqlite knows ${CURRENT}. Nothing was changed; update @adk/sessions-sqlite.`,
      { details: { reason: "newer", found: version, known: CURRENT, committed: false } },
    );
  return version;
}

/** Whether this code needs more than a schema of this version has. */
export function isOld(version: number): boolean {
  return version < CURRENT;
}

export function schemaIsOld(file: string, version: number): AdkError {
  return new AdkError(
    "SCHEMA_MISMATCH",
    `${JSON.stringify(file)} ${version === 0 ? "has no schema yet" : `has schema ${version}`}, and ${CURRENT} is needed. Call \`migrate()\`, or use \`migrations: "auto"\`.`,
    { details: { reason: "older", found: version, known: CURRENT, committed: false } },
  );
}

/** Brings the schema up to date. Runs inside a write transaction, so only one of many processes does the work. */
export function migrateSchema(connection: Connection, file: string): void {
  const version = readVersion(connection, file);
  if (version >= CURRENT) return;
  for (const migration of MIGRATIONS) {
    if (migration.version <= version) continue;
    connection.execute(migration.sql);
    connection.run("INSERT INTO adk_migration VALUES (?, ?)", migration.version, Date.now());
    connection.execute(`PRAGMA user_version = ${migration.version}`);
  }
  connection.execute(`PRAGMA application_id = ${APPLICATION_ID}`);
}
