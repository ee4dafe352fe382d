import { AdkError, type AdkErrorCode } from "@adk/core";

/** What became of the transaction that failed. */
export type Committed = false | "unknown";

interface Rule {
  readonly code: AdkErrorCode;
  /** For programs that want to know more than the code says: `details.reason`. */
  readonly reason: string;
  readonly retryable: boolean;
  /** What is wrong and what to do next; follows the file's name. */
  readonly advice: string;
}

const BUSY = 5;

const UNREACHABLE: Rule = {
  code: "UNAVAILABLE",
  reason: "io",
  retryable: true,
  advice: "could not be read or written. See the cause; try again.",
};
const FORBIDDEN: Rule = {
  code: "PERMISSION_DENIED",
  reason: "read-only",
  retryable: false,
  advice: "may not be written. Give this process write access to the file and to its folder.",
};
const ALTERED: Rule = {
  code: "SCHEMA_MISMATCH",
  reason: "schema",
  retryable: false,
  advice:
    "does not have the tables that it says it has. Somebody else changed them: restore a backup.",
};

const FULL: Rule = {
  code: "STORE_FULL",
  reason: "disk-full",
  retryable: false,
  advice: "cannot grow: the disk is full. Nothing was written; make room and try again.",
};

/** By SQLite's primary result code, or by the extended one where that says more: https://sqlite.org/rescode.html. */
const RULES: Readonly<Record<number, Rule>> = {
  1: ALTERED, // SQLITE_ERROR: no such table, no such column
  3: FORBIDDEN, // SQLITE_PERM
  5: {
    code: "TIMEOUT", // SQLITE_BUSY
    reason: "locked",
    retryable: true,
    advice: "was locked by another writer for too long. Try again, or raise `lockTimeoutMs`.",
  },
  7: {
    code: "UNAVAILABLE", // SQLITE_NOMEM
    reason: "memory",
    retryable: true,
    advice: "could not be used for want of memory. Try again.",
  },
  8: FORBIDDEN, // SQLITE_READONLY
  10: UNREACHABLE, // SQLITE_IOERR
  11: {
    code: "STORE_CORRUPT", // SQLITE_CORRUPT
    reason: "corrupt",
    retryable: false,
    advice:
      "is damaged. Stop writing to it, restore a backup, or recover what is left with `sqlite3 FILE .recover`.",
  },
  13: FULL, // SQLITE_FULL
  14: {
    code: "UNAVAILABLE", // SQLITE_CANTOPEN; `openFailure` knows better where the file system does
    reason: "cannot-open",
    retryable: true,
    advice: "could not be opened. See the cause; try again.",
  },
  18: {
    code: "INVALID_ARGUMENT", // SQLITE_TOOBIG
    reason: "too-big",
    retryable: false,
    advice: "does not take texts of more than 1,000,000,000 bytes. Keep such data as an artifact.",
  },
  19: ALTERED, // SQLITE_CONSTRAINT
  23: FORBIDDEN, // SQLITE_AUTH
  26: {
    code: "MISCONFIGURED", // SQLITE_NOTADB
    reason: "not-a-database",
    retryable: false,
    advice: "is no SQLite database (or an encrypted one). Name another file.",
  },
  4874: FULL, // SQLITE_IOERR_SHMSIZE: even the first reader makes the -shm file
};

/** The extended code of an error that `node:sqlite` threw, or `undefined` for any other value. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode : undefined;
}

/** Whether somebody else holds the lock that was needed: trying again is all there is to do. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== undefined && primary(code) === BUSY;
}

/**
 * What a failure of SQLite means, in core's words. Errors of other kinds (an `AdkError`, a mistake of ours) are returned as
 * they are.
 *
 * @param file the database's path, for people.
 * @param committed what became of the transaction.
 */
export function storeError(error: unknown, file: string, committed: Committed): unknown {
  const code = sqliteCode(error);
  if (code === undefined) return error;
  const rule = RULES[code] ?? RULES[primary(code)] ?? UNREACHABLE;
  return new AdkError(rule.code, `${JSON.stringify(file)} ${rule.advice}`, {
    cause: cleaned(error),
    retryable: rule.retryable,
    details: { reason: rule.reason, sqliteCode: code, committed },
  });
}

/** SQLite's LOCKED (6) and PROTOCOL (15) are locks too. */
function primary(code: number): number {
  const result = code & 0xff;
  return result === 6 || result === 15 ? BUSY : result;
}

/** What a cause is: a copy of the driver's error. */
class DriverError extends Error {
  override readonly name: string;
  readonly code: number | string | undefined;

  constructor(message: string, name: string, code: number | string | undefined) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/** Class, code and message of an error. SQLite's messages name tables and columns, never values. */
export function cleaned(error: unknown): Error {
  const { name, message, code } = error as NodeJS.ErrnoException;
  const number = sqliteCode(error);
  return new DriverError(message, number === undefined ? name : "SqliteError", number ?? code);
}
