import { AdkError } from "@adk/core";
import { quoteIdentifier, type Database } from "./database.ts";
import { SESSIONS } from "./migrations/0001-sessions.sql.ts";

/** One step of the schema. Steps are never changed, only added. */
interface Migration {
  readonly version: number;
  /**
   * The oldest version of code that works beside the schema after this step. What only adds tables, columns with defaults,
   * indexes or functions leaves it as it was.
   */
  readonly worksFrom: number;
  readonly sql: string;
}

const MIGRATIONS: readonly Migration[] = [{ version: 1, worksFrom: 1, sql: SESSIONS }];
const VERSION: number = MIGRATIONS.at(-1)?.version ?? 0;
const LOCK_TIMEOUT_S = 15;
const MIGRATE_TIMEOUT_MS = 60_000;

/** What stands in the database. */
interface Installed {
  readonly version: number;
  readonly worksFrom: number;
}

/** A schema's name: what PostgreSQL keeps of an identifier, 63 bytes; `$` would end the quotes that functions stand in. */
export function checkSchemaName(name: string): void {
  const bytes = Buffer.byteLength(name);
  const isReserved = name.startsWith("pg_") || /[\0$]/.test(name) || !name.isWellFormed();
  if (bytes < 1 || bytes > 63 || isReserved)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "`schema` must be a name of 1–63 bytes, without `$`, that does not begin with `pg_`.",
    );
}

/**
 * The schema as SQL for an administrator, or for ourselves: one transaction, harmless when repeated, safe beside others that
 * run it at the same time.
 *
 * The lock is the transaction's: it works through poolers, and goes with its connection. Nothing stands in its way for longer
 * than 15 seconds.
 *
 * @param roles who may use the tables without owning them.
 */
export function schemaSql(schema: string, roles: readonly string[] = []): string {
  checkSchemaName(schema);
  const s = quoteIdentifier(schema);
  const literal = `'${schema.replaceAll("'", "''")}'`;
  const steps = MIGRATIONS.map(({ version, worksFrom, sql }) =>
    [
      `do $adk$ begin`,
      `if not exists (select from ${s}.adk_migration where version = ${version}) then`,
      `insert into ${s}.adk_migration (version, works_from) values (${version}, ${worksFrom});`,
      `execute $step$${sql.replaceAll("{s}", s)}$step$;`,
      `end if; end $adk$;`,
    ].join("\n"),
  );
  return [
    `set local lock_timeout = '${LOCK_TIMEOUT_S}s';`,
    `do $adk$ begin perform pg_advisory_xact_lock(hashtextextended('adk:migrate:' || ${literal}, 0)); end $adk$;`,
    // Even with `if not exists` creating asks for the right to create.
    `do $adk$ begin`,
    `if not exists (select from pg_namespace where nspname = ${literal}) then create schema ${s}; end if;`,
    `if not exists (select from pg_tables where schemaname = ${literal} and tablename = 'adk_migration') then`,
    `create table ${s}.adk_migration (`,
    `version integer primary key, works_from integer not null, applied_at timestamptz not null default clock_timestamp());`,
    `end if; end $adk$;`,
    ...steps,
    ...roles.flatMap((role) => grants(s, quoteIdentifier(role))),
    "",
  ].join("\n");
}

function grants(s: string, role: string): string[] {
  const tables = [
    "session",
    "session_doc",
    "event",
    "session_state",
    "shared_state",
    "follower",
  ].map((name) => `${s}.adk_${name}`);
  return [
    `grant usage on schema ${s} to ${role};`,
    `grant select on ${s}.adk_migration to ${role};`,
    `grant select, insert, update, delete on ${tables.join(", ")} to ${role};`,
    `grant execute on all functions in schema ${s} to ${role};`,
  ];
}

/**
 * Sees to it that the schema is one that this version works with: looks, and with `auto` brings it up to date.
 *
 * @throws {@link AdkError} `SCHEMA_MISMATCH`, before anything is written, when it is newer than this version knows how to use,
 *   or, with `verify`, missing or older.
 */
export async function prepareSchema(
  database: Database,
  schema: string,
  migrations: "auto" | "verify",
  signal?: AbortSignal,
): Promise<void> {
  const installed = await installedVersion(database, schema, signal);
  refuseNewer(installed, schema);
  if (installed.version >= VERSION) return;
  if (migrations === "verify") {
    const found =
      installed.version === 0 ? "has no tables of ours" : `is at version ${installed.version}`;
    throw mismatch(
      `Schema ${JSON.stringify(schema)} ${found}, this package needs version ${VERSION}. Call \`migrate()\` with a role that may create them, or run what \`adk-sessions-postgres sql\` prints.`,
      schema,
      installed,
    );
  }
  await migrateSchema(database, schema, signal);
}

/** Brings the schema up to date, whatever `migrations` says. */
export async function migrateSchema(
  database: Database,
  schema: string,
  signal?: AbortSignal,
): Promise<void> {
  const installed = await installedVersion(database, schema, signal);
  refuseNewer(installed, schema);
  if (installed.version >= VERSION) return;
  await database.script(schemaSql(schema), MIGRATE_TIMEOUT_MS, signal);
}

async function installedVersion(
  database: Database,
  schema: string,
  signal: AbortSignal | undefined,
): Promise<Installed> {
  const table = `${quoteIdentifier(schema)}.adk_migration`;
  try {
    const rows = await database.run(
      `select coalesce(max(version), 0)::text, coalesce(max(works_from), 0)::text from ${table}`,
      [],
      { isWrite: false, signal },
    );
    const [version, worksFrom] = rows[0] ?? [];
    return { version: Number(version), worksFrom: Number(worksFrom) };
  } catch (error) {
    if (AdkError.isInstance(error, "SCHEMA_MISMATCH")) return { version: 0, worksFrom: 0 };
    throw error;
  }
}

function refuseNewer(installed: Installed, schema: string): void {
  if (installed.worksFrom > VERSION)
    throw mismatch(
      `Schema ${JSON.stringify(schema)} is at version ${installed.version}, which works with version ${installed.worksFrom} of this package's schema and newer; this is ${VERSION}. Update @adk/sessions-postgres.`,
      schema,
      installed,
    );
}

function mismatch(message: string, schema: string, installed: Installed): AdkError {
  return new AdkError("SCHEMA_MISMATCH", message, {
    details: { schema, installed: installed.version, needed: VERSION, committed: false },
  });
}
