import pg from "pg";

/** One connection for what a test asks the server directly. */
export async function asking<T>(url: string, ask: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    return await ask(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The only row. */
export async function one(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>> {
  return await asking(url, async (client) => {
    const { rows } = await client.query<Record<string, unknown>>(text, values);
    return rows[0] ?? {};
  });
}
