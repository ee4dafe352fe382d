/** One statement, as `pg` takes it. */
export interface QueryConfig {
  text: string;
  values?: unknown[];
  /** Prepared once a connection under this name. */
  name?: string;
  /** Rows as arrays of values. */
  rowMode?: "array";
}

/** What a statement gives. */
export interface QueryRows {
  rows: unknown[];
}

/** A connection taken out of a pool. */
export interface QueryableClient {
  query(config: QueryConfig): Promise<QueryRows>;
  /** Gives it back; with an error or `true` it is closed instead. */
  release(error?: Error | boolean): void;
  /** Needed for notifications, and to survive a connection that breaks. */
  on?(event: string, listener: (argument: never) => void): unknown;
}

/**
 * What this package needs of a database client: a `Pool` of `pg` fits, without its types.
 *
 * Without `connect` a statement that hangs holds its connection until the client's own limit, and there are no
 * notifications: followers are told by polling.
 */
export interface Queryable {
  query(config: QueryConfig): Promise<QueryRows>;
  connect?(): Promise<QueryableClient>;
}
