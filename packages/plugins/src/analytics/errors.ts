import { AdkError, type AdkErrorCode } from "@adk/core";

interface Rule {
  readonly code: AdkErrorCode;
  readonly retryable: boolean;
  /** What is wrong and what to do next; follows the table or the file. */
  readonly advice: string;
}

const never = (code: AdkErrorCode, advice: string): Rule => ({ code, retryable: false, advice });
const later = (code: AdkErrorCode, advice: string): Rule => ({ code, retryable: true, advice });

const FULL = never("STORE_FULL", "could not be written: the disk is full. Make room.");
const BUSY = later("UNAVAILABLE", "could not be written now. Try again.");
const LOST = later("UNAVAILABLE", "could not be reached. Try again.");
/** The server cannot say whether the statement was carried out. */
const IN_DOUBT = later("UNAVAILABLE", "may have been written, or not. Try again.");
const UNKNOWN = never("UNAVAILABLE", "could not be used. See the cause.");
const NO_TABLE = never(
  "SCHEMA_MISMATCH",
  "is not there, or has other columns. Call `createTable()` once, or correct `schema` and `table`.",
);
const NO_RIGHT = never(
  "PERMISSION_DENIED",
  "may not be used by this role: it needs INSERT and SELECT, and for `createTable()` CREATE on the schema.",
);

/** By SQLSTATE; what is not here goes by its class, the first two characters. */
const POSTGRES: Readonly<Record<string, Rule>> = {
  "3F000": never(
    "SCHEMA_MISMATCH",
    "could not be used: there is no such schema. Create it, or correct `schema`.",
  ),
  "42P01": NO_TABLE,
  "42703": NO_TABLE,
  "42804": NO_TABLE,
  "42P10": NO_TABLE,
  "40003": IN_DOUBT,
  "42501": NO_RIGHT,
  "3D000": never("MISCONFIGURED", "could not be used: there is no such database."),
  "25006": BUSY,
  "53100": FULL,
  "57014": { ...BUSY, code: "TIMEOUT" },
};
const POSTGRES_CLASSES: Readonly<Record<string, Rule>> = {
  "08": LOST,
  "22": never("INVALID_ARGUMENT", "does not take these values."),
  "23": NO_TABLE,
  "28": never("PERMISSION_DENIED", "could not be used: the server refused role or password."),
  "40": BUSY,
  "53": BUSY,
  "55": BUSY,
  "57": LOST,
};

/** By the system's code: https://nodejs.org/api/errors.html#common-system-errors. */
const FORBIDDEN = never("PERMISSION_DENIED", "may not be written. Give this process the right to.");
const NO_FILE = never(
  "MISCONFIGURED",
  "cannot be a file: something is in its way, or its name is too long. Correct `path`.",
);
const SYSTEM: Readonly<Record<string, Rule>> = {
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  EEXIST: NO_FILE,
  EISDIR: NO_FILE,
  ENOTDIR: NO_FILE,
  ENAMETOOLONG: NO_FILE,
  ENOSPC: FULL,
  EDQUOT: FULL,
};

/** What a client of PostgreSQL threw, in our words. @param place the table, quoted. */
export function postgresError(error: unknown, place: string): AdkError {
  if (AdkError.isInstance(error)) return error;
  const code = codeOf(error);
  const isState = code !== undefined && STATE.test(code);
  const byClass = isState ? (own(POSTGRES_CLASSES, code.slice(0, 2)) ?? UNKNOWN) : LOST;
  const rule = own(POSTGRES, code) ?? byClass;
  const isTelling = isState && TELLING.test(code);
  const isUndone = rule !== LOST && rule !== IN_DOUBT;
  return told(`Table ${place}`, rule, new DriverError(error, code, isTelling), isUndone);
}

/** What the file system threw, in our words. */
export function fileError(error: unknown, path: string): AdkError {
  const code = codeOf(error);
  return told(JSON.stringify(path), own(SYSTEM, code) ?? BUSY, new DriverError(error, code), false);
}

/** An SQLSTATE: no class begins with an E, as the system's codes do (`EPIPE`). */
const STATE = /^(?!E)[0-9A-Z]{5}$/;

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
