import { AdkError, type AdkErrorCode } from "@adk/core";

interface Rule {
  readonly code: AdkErrorCode;
  readonly retryable: boolean;
  /** What is wrong and what to do next; follows the table or the file. */
  readonly advice: string;
}

const never = (code: AdkErrorCode, advice: string): Rule => ({ code, retryable: false, advice });
const later = (code: AdkErrorCode, advice: string): Rule => ({ code, retryable: true, advice });

const OTHER_COLUMNS = never(
  "SCHEMA_MISMATCH",
  "has other columns than the rows, or `row_id` is not unique. Name another `table`, or compare it with what `createTable()` makes.",
);
const REFUSED = never(
  "PERMISSION_DENIED",
  "could not be used: the server refused the role or its password.",
);
const LOST = later("UNAVAILABLE", "could not be reached: the connection failed. Try again.");
const UNKNOWN = never("UNAVAILABLE", "could not be used. See the cause, and the server's log.");

/** By SQLSTATE, or the system's code; what is not here goes by its class, the first two characters. */
const POSTGRES: Readonly<Record<string, Rule>> = {
  "3F000": never(
    "SCHEMA_MISMATCH",
    "could not be used: there is no such schema. Create it (CREATE SCHEMA …), or name another one as `schema`.",
  ),
  "42P01": never(
    "SCHEMA_MISMATCH",
    "is not there. Call `createTable()` once, or correct `schema` and `table`.",
  ),
  "42501": never(
    "PERMISSION_DENIED",
    "may not be used by this role: it needs INSERT and SELECT on the table, and for `createTable()` CREATE on the schema.",
  ),
  "3D000": never("MISCONFIGURED", "could not be used: there is no such database."),
  "42703": OTHER_COLUMNS,
  "42804": OTHER_COLUMNS,
  "42P10": OTHER_COLUMNS,
  "25006": later("UNAVAILABLE", "cannot be written now: the server is read-only. Try again."),
  "53100": never("STORE_FULL", "could not be written: the server's disk is full. Make room."),
  "57014": later("TIMEOUT", "took longer than the server allows. Try again."),
};
const POSTGRES_CLASSES: Readonly<Record<string, Rule>> = {
  "08": LOST,
  "22": never("INVALID_ARGUMENT", "does not take these values."),
  "23": OTHER_COLUMNS,
  "28": REFUSED,
  "40": later("UNAVAILABLE", "could not be written: the server undid the statement. Try again."),
  "53": later("UNAVAILABLE", "could not be written: the server has run out of something."),
  "55": later("UNAVAILABLE", "could not be written: it is locked, or in use. Try again."),
  "57": LOST,
};

/** By the system's code: https://nodejs.org/api/errors.html#common-system-errors. */
const FORBIDDEN = never("PERMISSION_DENIED", "may not be written. Give this process the right to.");
const NO_FILE = never(
  "MISCONFIGURED",
  "cannot be a file: a folder stands there, or a file in place of a folder. Correct `path`.",
);
const FULL = never("STORE_FULL", "could not be written: the disk or the quota is full. Make room.");
const IO = later("UNAVAILABLE", "could not be written. See the cause; try again.");
const SYSTEM: Readonly<Record<string, Rule>> = {
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  EEXIST: NO_FILE,
  EISDIR: NO_FILE,
  ENOTDIR: NO_FILE,
  ENAMETOOLONG: never("MISCONFIGURED", "has a name too long for this disk. Correct `path`."),
  ENOSPC: FULL,
  EDQUOT: FULL,
};

/** What a client of PostgreSQL threw, in our words. @param place the table, quoted. */
export function postgresError(error: unknown, place: string): AdkError {
  if (AdkError.isInstance(error)) return error;
  const code = codeOf(error);
  const isState = code !== undefined && /^[0-9A-Z]{5}$/.test(code);
  const byClass = isState ? (own(POSTGRES_CLASSES, code.slice(0, 2)) ?? UNKNOWN) : LOST;
  const rule = own(POSTGRES, code) ?? byClass;
  const isTelling = isState && TELLING.test(code);
  return told(`Table ${place}`, rule, new DriverError(error, code, isTelling), rule !== LOST);
}

/** What the file system threw, in our words. */
export function fileError(error: unknown, path: string): AdkError {
  const code = codeOf(error);
  return told(JSON.stringify(path), own(SYSTEM, code) ?? IO, new DriverError(error, code), false);
}

/** Messages of these classes may quote values or rows. */
const TELLING = /^(21|22|23|P0)/;

function told(
  what: string,
  { code, retryable, advice }: Rule,
  cause: DriverError,
  isUndone: boolean,
): AdkError {
  const name = cause.code === undefined ? "" : ` (${cause.code})`;
  return new AdkError(code, `${what} ${advice.replace(/[.:]/, `${name}$&`)}`, {
    cause,
    retryable,
    details: {
      committed: isUndone ? false : "unknown",
      ...(cause.code === undefined ? {} : { driverCode: cause.code }),
    },
  });
}

/** The SQLSTATE, or the system's code. Where several addresses were tried, the first one's error speaks for all. */
function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === "string") return code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : undefined;
}

function own(table: Readonly<Record<string, Rule>>, key: string | undefined): Rule | undefined {
  return key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** What a cause is: class, code and message alone. A driver's error also carries parameters and rows. */
class DriverError extends Error {
  override readonly name: string;
  readonly code: string | undefined;

  constructor(error: unknown, code: string | undefined, isTelling: boolean = false) {
    const { name, message } = error instanceof Error ? error : new Error(typeof error);
    super(isTelling ? `The server's error ${code}.` : message);
    this.name = name;
    this.code = code;
  }
}
