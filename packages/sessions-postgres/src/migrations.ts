import { SESSIONS } from "./migrations/0001-sessions.sql.ts";

/** One step of the schema. Steps are never changed, only added. */
export interface Migration {
  readonly version: number;
  /**
   * The oldest version of code that works beside the schema after this step. What only adds tables, columns with defaults,
   * indexes or functions leaves it as it was.
   */
  readonly worksFrom: number;
  /** `{s}` stands for the schema. It runs in one transaction with the other steps. */
  readonly sql: string;
  /** Indexes on tables that may be large by now: see {@link LateIndex}. */
  readonly indexes?: readonly LateIndex[];
}

/**
 * An index that is built beside the writers, `concurrently`, which no transaction can: by `migrate()`, and by what the command
 * line prints. With `auto` no command waits for it: it makes things fast, and code works without it. An empty table gets it
 * with the step.
 */
export interface LateIndex {
  readonly name: string;
  readonly table: string;
  /** What follows the table's name: `(sid, timestamp) where …`. */
  readonly columns: string;
}

export const MIGRATIONS: readonly Migration[] = [{ version: 1, worksFrom: 1, sql: SESSIONS }];

export const LATE_INDEXES: readonly LateIndex[] = MIGRATIONS.flatMap(({ indexes = [] }) => indexes);
