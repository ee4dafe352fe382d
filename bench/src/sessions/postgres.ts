import type { TestServer } from "@adk/test-services";
import type { Queryable, QueryableClient, QueryConfig } from "@adk/sessions-postgres";
import pg from "pg";

/** One connection, for what is asked beside the measurement. */
export async function connected(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: async () => await client.end() });
}

/** The only value of the only row. */
export async function valueOf(
  client: pg.Client,
  text: string,
  values: unknown[] = [],
): Promise<string> {
  const { rows } = await client.query<[string]>({ text, values, rowMode: "array" });
  return String(rows[0]![0]);
}

/** Bytes of WAL since the server was made. */
export async function walBytes(client: pg.Client): Promise<number> {
  return Number(await valueOf(client, "select pg_current_wal_insert_lsn() - '0/0'::pg_lsn"));
}

/** Transactions that wrote, since the server was made: each is a commit with its wait for the disk. */
export async function writingTransactions(client: pg.Client): Promise<number> {
  return Number(await valueOf(client, "select pg_snapshot_xmax(pg_current_snapshot())"));
}

/** A database of its own on the server: the peer's tables have fixed names. */
export async function newDatabase({ url }: TestServer, name: string): Promise<string> {
  await using client = await connected(url);
  await client.query(`drop database if exists ${name} with (force)`);
  await client.query(`create database ${name}`);
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/** A pool that notes what is sent through it. */
export function counted(pool: pg.Pool): { client: Queryable; sent: QueryConfig[] } {
  const sent: QueryConfig[] = [];
  // One for each connection: the store knows a connection again that it has seen.
  const known = new WeakMap<pg.PoolClient, QueryableClient>();
  const noted = (inner: pg.PoolClient): QueryableClient => ({
    async query(config) {
      sent.push(config);
      return await inner.query(config);
    },
    release: (error) => inner.release(error),
    on: (event, listener) => inner.on(event as "error", listener as () => void),
  });
  const client: Queryable = {
    async query(config) {
      sent.push(config);
      return await pool.query(config);
    },
    async connect() {
      const inner = await pool.connect();
      const client = known.get(inner) ?? noted(inner);
      known.set(inner, client);
      return client;
    },
  };
  return { client, sent };
}
