import type pg from "pg";
import { valueOf, walBytes } from "./postgres.ts";

/** What the server has counted up to a moment. */
interface Moment {
  readonly wal: number;
  readonly updates: number;
  readonly hot: number;
  readonly content: number;
}

/** What several turns cost together. */
export class TurnCosts {
  turns = 0;
  appends = 0;
  statements = 0;
  readonly whole: Moment = { wal: 0, updates: 0, hot: 0, content: 0 };
  readonly later: Moment = { wal: 0, updates: 0, hot: 0, content: 0 };
}

/** Reads the server's counters beside the one connection that works. */
export class TurnWatch {
  readonly #watcher: pg.Client;
  readonly #pool: pg.Pool;
  readonly #schema: string;

  /** @param pool of one connection: its counters are made to be sent. */
  constructor(watcher: pg.Client, pool: pg.Pool, schema: string) {
    this.#watcher = watcher;
    this.#pool = pool;
    this.#schema = schema;
  }

  async now(): Promise<Moment> {
    await this.#pool.query("select pg_stat_force_next_flush()");
    const wal = await walBytes(this.#watcher);
    const { rows } = await this.#watcher.query<{ updates: number; hot: number }>(
      `select n_tup_upd::int as updates, n_tup_hot_upd::int as hot from pg_stat_user_tables
       where schemaname = $1 and relname = 'adk_session'`,
      [this.#schema],
    );
    const sum = `select coalesce(sum(octet_length(data)), 0) from ${this.#schema}.adk_event`;
    const content = Number(await valueOf(this.#watcher, sum));
    return { wal, updates: rows[0]!.updates, hot: rows[0]!.hot, content };
  }
}

/** Adds what lies between two moments. */
export function addBetween(sum: Moment, before: Moment, after: Moment): void {
  for (const name of Object.keys(sum) as (keyof Moment)[])
    (sum as Record<keyof Moment, number>)[name] += after[name] - before[name];
}
