import { AdkError } from "@adk/core";
import { quoteIdentifier, type Database } from "./database.ts";
import { buildIndexes, type BuildOptions } from "./build-indexes.ts";
import { LATE_INDEXES, MIGRATIONS } from "./migrations.ts";
import { schemaScript } from "./schema-script.ts";

const VERSION: number = MIGRATIONS.at(-1)?.version ?? 0;
const MIGRATE_TIMEOUT_MS = 60_000;

/** What stands in the database. */
interface Installed {
  readonly version: number;
  readonly worksFrom: number;
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
  return schemaScript(schema, roles, MIGRATIONS);
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
  await applySteps(database, schema, signal);
}

/** Brings the schema up to date, whatever `migrations` says, and builds the indexes that `auto` leaves out. */
export async function migrateSchema(
  database: Database,
  schema: string,
  options: BuildOptions,
): Promise<void> {
  const installed = await installedVersion(database, schema, options.signal);
  refuseNewer(installed, schema);
  if (installed.version < VERSION) await applySteps(database, schema, options.signal);
  await buildIndexes(database, schema, LATE_INDEXES, options);
}

async function applySteps(
  database: Database,
  schema: string,
  signal: AbortSignal | undefined,
): Promise<void> {
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
