import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

/** A row as its columns, in the order of the statement. */
export type Row = readonly (string | number | null)[];

/** One connection with its prepared statements. Nothing here waits: a lock that is taken is an error at once. */
export class Connection {
  readonly database: DatabaseSync;
  readonly #statements: Map<string, StatementSync> = new Map();

  constructor(path: string) {
    this.database = new DatabaseSync(path, { timeout: 0 });
  }

  /** Runs statements that are needed once. */
  execute(sql: string): void {
    this.database.exec(sql);
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values) as unknown as Row[];
  }

  iterate(sql: string, ...values: SQLInputValue[]): Iterable<Row> {
    return this.#prepared(sql).iterate(...values) as unknown as Iterable<Row>;
  }

  /** @returns how many rows changed, and the last rowid that was given. */
  run(sql: string, ...values: SQLInputValue[]): { changes: number; lastRowid: number } {
    const { changes, lastInsertRowid } = this.#prepared(sql).run(...values);
    return { changes: Number(changes), lastRowid: Number(lastInsertRowid) };
  }

  /** A number or text of a PRAGMA. */
  pragma(name: string): string | number {
    return this.get(`PRAGMA ${name}`)?.[0] ?? "";
  }

  /** Undoes what the open transaction did. SQLite has done it already after some errors. */
  rollback(): void {
    if (this.database.isTransaction) this.execute("ROLLBACK");
  }

  close(): void {
    this.#statements.clear();
    if (this.database.isOpen) this.database.close();
  }

  #prepared(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
