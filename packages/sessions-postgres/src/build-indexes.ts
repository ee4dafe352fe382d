import { setTimeout as pause } from "node:timers/promises";
import { AdkError, Deadline } from "@adk/core";
import { quoteIdentifier, type Database } from "./database.ts";
import { toAdkError } from "./errors.ts";
import type { LateIndex } from "./migrations.ts";
import type { QueryableClient, QueryConfig } from "./queryable.ts";
import { lateIndexSql } from "./schema-script.ts";

/** A build takes as long as its table is large; more than a day is no build any more. */
const LONGEST_BUILD_MS = 24 * 60 * 60 * 1_000;
/** How often a process asks whether another one has finished. */
const LOOK_MS = 100;

export interface BuildOptions {
  readonly pooler: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Builds what is missing, while others read and write. One process builds, others wait for it.
 *
 * It holds a connection of its own for as long as it takes, and closes it at the end: settings and lock are the session's.
 *
 * @throws {@link AdkError} `UNSUPPORTED` through a pooler, or when the client cannot hold a connection; else as any command.
 *   What was begun is begun again by the next call.
 */
export async function buildIndexes(
  database: Database,
  schema: string,
  indexes: readonly LateIndex[],
  { pooler, signal }: BuildOptions,
): Promise<void> {
  if ((await missingIndexes(database, schema, indexes, signal)).length === 0) return;
  if (pooler)
    throw new AdkError(
      "UNSUPPORTED",
      "Indexes are not built through a pooler. Call `migrate()` over a direct connection, or run what `adk-sessions-postgres sql` prints.",
      { details: { committed: false } },
    );
  const client = await database.hold(signal);
  using deadline = new Deadline({
    timeoutMs: LONGEST_BUILD_MS,
    isWrite: true,
    signal,
    server: database.server,
  });
  deadline.isSent = true;
  try {
    await ask(client, deadline, NO_LIMITS);
    // Not by a statement that waits: a build waits for all older statements, so the two would wait for each other.
    while (!(await ask(client, deadline, TRY_LOCK, [schema]))) await deadline.race(pause(LOOK_MS));
    for (const index of await missingIndexes(database, schema, indexes, signal)) {
      await ask(client, deadline, dropSql(schema, index));
      await ask(client, deadline, lateIndexSql(schema, index));
    }
  } catch (error) {
    throw toAdkError(error, { isSent: true, isWrite: true });
  } finally {
    client.release(true);
  }
}

const NO_LIMITS = /* sql */ `select set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`;
const TRY_LOCK = /* sql */ `select pg_try_advisory_lock(hashtextextended('adk:indexes:' || $1, 0))`;

/** Those that are not there, and those that a build which ended early left behind: PostgreSQL does not use them. */
async function missingIndexes(
  database: Database,
  schema: string,
  indexes: readonly LateIndex[],
  signal: AbortSignal | undefined,
): Promise<LateIndex[]> {
  if (indexes.length === 0) return [];
  const rows = await database.run(VALID, [schema], { isWrite: false, signal });
  const valid = new Set(rows.map(([name]) => name));
  return indexes.filter(({ name }) => !valid.has(name));
}

const VALID = /* sql */ `select c.relname::text from pg_index i join pg_class c on c.oid = i.indexrelid
  join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and i.indisvalid`;

/** What a build that ended early has left. */
function dropSql(schema: string, { name }: LateIndex): string {
  return `drop index concurrently if exists ${quoteIdentifier(schema)}.${name}`;
}

/** @returns the first column of the first row. */
async function ask(
  client: QueryableClient,
  deadline: Deadline,
  text: string,
  values: unknown[] = [],
): Promise<unknown> {
  const config: QueryConfig = { text, rowMode: "array", ...(values.length > 0 && { values }) };
  deadline.check();
  const { rows } = await deadline.race(client.query(config));
  return (rows as unknown[][])[0]?.[0];
}
