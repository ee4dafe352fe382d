/** Columns and their types, in the order of the table. */
const COLUMNS: readonly [name: string, type: string, constraint: string][] = [
  ["row_id", "text", "PRIMARY KEY"],
  ["timestamp", "timestamptz", "NOT NULL"],
  ["event_type", "text", "NOT NULL"],
  ["agent", "text", ""],
  ["session_id", "text", "NOT NULL"],
  ["invocation_id", "text", "NOT NULL"],
  ["user_id", "text", "NOT NULL"],
  ["trace_id", "text", ""],
  ["span_id", "text", ""],
  ["parent_span_id", "text", ""],
  ["content", "jsonb", ""],
  ["content_parts", "jsonb", "NOT NULL"],
  ["attributes", "jsonb", "NOT NULL"],
  ["latency_ms", "jsonb", ""],
  ["status", "text", "NOT NULL"],
  ["error_message", "text", ""],
  ["is_truncated", "boolean", "NOT NULL"],
];

/**
 * The table and its indexes. Several statements in one text are one transaction, so the lock keeps others away until it ends:
 * two that make one table at once would fail.
 */
export function createTableSql(schema: string, table: string): string {
  const columns = COLUMNS.map(([name, type, constraint]) =>
    `${identifier(name)} ${type} ${constraint}`.trimEnd(),
  );
  const place = placeOf(schema, table);
  return /* sql */ `
SELECT pg_advisory_xact_lock(hashtext('adk-analytics'));
CREATE TABLE IF NOT EXISTS ${place} (
  ${columns.join(",\n  ")}
);
CREATE INDEX IF NOT EXISTS ${identifier(`${table}_by_time`)} ON ${place} ("timestamp", event_type);
CREATE INDEX IF NOT EXISTS ${identifier(`${table}_by_session`)} ON ${place} (session_id, "timestamp");
`;
}

/** All rows of a batch as one JSON text, so that the statement is the same for any number of them. */
export function insertSql(schema: string, table: string): string {
  const names = COLUMNS.map(([name]) => identifier(name)).join(", ");
  const types = COLUMNS.map(([name, type]) => `${identifier(name)} ${type}`).join(", ");
  return /* sql */ `
INSERT INTO ${placeOf(schema, table)} (${names})
SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS rows (${types})
ON CONFLICT (row_id) DO NOTHING
`;
}

/** The table's full name, quoted. */
export function placeOf(schema: string, table: string): string {
  return `${identifier(schema)}.${identifier(table)}`;
}

function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
