import pg from "pg";

/** The first row of what an administrator asks, over a connection of its own. */
export async function askPostgres(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const { rows } = await client.query<Record<string, unknown>>(text, [...values]);
    return rows[0] ?? {};
  } finally {
    await client.end();
  }
}
