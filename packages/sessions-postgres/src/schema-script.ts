import { AdkError } from "@adk/core";
import { quoteIdentifier } from "./database.ts";
import type { LateIndex, Migration } from "./migrations.ts";

const LOCK_TIMEOUT_S = 15;

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

/** What brings a schema up to date with these steps, without their late indexes: the body of one transaction. */
export function schemaScript(
  schema: string,
  roles: readonly string[],
  migrations: readonly Migration[],
): string {
  checkSchemaName(schema);
  const s = quoteIdentifier(schema);
  const literal = `'${schema.replaceAll("'", "''")}'`;
  return [
    `set local lock_timeout = '${LOCK_TIMEOUT_S}s';`,
    // A step takes as long as it takes, whatever the connection allows a command.
    `set local statement_timeout = 0;`,
    `do $adk$ begin perform pg_advisory_xact_lock(hashtextextended('adk:migrate:' || ${literal}, 0)); end $adk$;`,
    // Even with `if not exists` creating asks for the right to create.
    `do $adk$ begin`,
    `if not exists (select from pg_namespace where nspname = ${literal}) then create schema ${s}; end if;`,
    `if not exists (select from pg_tables where schemaname = ${literal} and tablename = 'adk_migration') then`,
    `create table ${s}.adk_migration (`,
    `version integer primary key, works_from integer not null, applied_at timestamptz not null default clock_timestamp());`,
    `end if; end $adk$;`,
    ...migrations.map((migration) => stepSql(s, migration)),
    ...roles.flatMap((role) => grants(s, quoteIdentifier(role))),
    "",
  ].join("\n");
}

/** The statement that builds a late index, outside of any transaction. */
export function lateIndexSql(schema: string, index: LateIndex): string {
  return createIndex(quoteIdentifier(schema), index, "concurrently ");
}

function stepSql(s: string, { version, worksFrom, sql, indexes = [] }: Migration): string {
  return [
    `do $adk$ begin`,
    `if not exists (select from ${s}.adk_migration where version = ${version}) then`,
    `insert into ${s}.adk_migration (version, works_from) values (${version}, ${worksFrom});`,
    `execute $step$${sql.replaceAll("{s}", s)}$step$;`,
    ...indexes.map(
      (index) =>
        `if not exists (select from ${s}.${index.table}) then ${createIndex(s, index, "")}; end if;`,
    ),
    `end if; end $adk$;`,
  ].join("\n");
}

function createIndex(s: string, { name, table, columns }: LateIndex, how: string): string {
  return `create index ${how}if not exists ${name} on ${s}.${table} ${columns}`;
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
