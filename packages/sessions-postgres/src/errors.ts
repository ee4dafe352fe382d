import { AdkError, type AdkErrorCode } from "@adk/core";

/** What is known about the statement that failed. */
export interface FailureContext {
  /** Whether the server may have got it. */
  readonly isSent: boolean;
  readonly isWrite: boolean;
}

type Committed = false | "unknown";

interface Meaning {
  readonly code: AdkErrorCode;
  readonly retryable: boolean;
  /** What a write left behind: `false` when the server says that it was undone. */
  readonly committed: Committed;
  /** Whether the connection leads nowhere good any more. */
  readonly discards?: boolean;
  readonly advice: string;
}

const AGAIN = "Repeat the call.";
const undone = (advice: string = AGAIN): Meaning => ({
  code: "UNAVAILABLE",
  retryable: true,
  committed: false,
  advice,
});
const lost = (advice: string = AGAIN): Meaning => ({
  code: "UNAVAILABLE",
  retryable: true,
  committed: "unknown",
  discards: true,
  advice,
});
const never = (code: AdkErrorCode, advice: string): Meaning => ({
  code,
  retryable: false,
  committed: false,
  advice,
});

const SCHEMA_ADVICE =
  "The schema is missing, older than this package, or not this package's. Call `migrate()` with a role that may create it, or run what `adk-sessions-postgres sql` prints.";
const POOLER_ADVICE =
  "A pooler refused it, it seems: pass `pooler: true` (no startup parameters, no named statements, no notifications).";
const TLS_ADVICE =
  "The server's certificate was not accepted: pass its authority in `ssl.ca` (or `sslrootcert` in the URL), and connect by the name that it was made for.";
const DAMAGED_ADVICE =
  "A page or an index of the database is damaged. Look at the server's log, and restore it.";
const FULL_ADVICE =
  "The server has no room for it, and wrote nothing: free some, then repeat the call.";

/** By SQLSTATE; what is not here goes by its class, the first two characters. */
const STATES: Readonly<Record<string, Meaning>> = {
  "40001": undone(),
  "40P01": undone(),
  "55P03": undone(
    "Another transaction held a lock for longer than `lockTimeoutMs`. Repeat the call.",
  ),
  "57014": {
    ...undone("It took longer than the server allows. Repeat the call."),
    code: "TIMEOUT",
  },
  // A standby answers: after a failover the connection still leads to it.
  "25006": {
    ...undone("The server is read-only: a standby, it seems. Repeat the call."),
    discards: true,
  },
  "57P01": lost("The server was shut down. Repeat the call."),
  "57P02": lost("The server crashed. Repeat the call."),
  "57P03": {
    ...undone("The server is starting up or shutting down. Repeat the call."),
    discards: true,
  },
  "57P05": lost(),
  "53100": never("STORE_FULL", FULL_ADVICE),
  "53200": undone(FULL_ADVICE),
  "53300": undone(
    "The server has no connection left: lower `maxConnections`, or raise its own. Repeat the call.",
  ),
  "42501": never(
    "PERMISSION_DENIED",
    "The role lacks a right: the README's section Permissions lists what it needs.",
  ),
  "28000": never("PERMISSION_DENIED", "The server refused the role: look at its pg_hba.conf."),
  "28P01": never("PERMISSION_DENIED", "The server refused the password."),
  "3D000": never("MISCONFIGURED", "There is no such database: create it, or correct the URL."),
  "3F000": never("SCHEMA_MISMATCH", SCHEMA_ADVICE),
  "42P01": never("SCHEMA_MISMATCH", SCHEMA_ADVICE),
  "42703": never("SCHEMA_MISMATCH", SCHEMA_ADVICE),
  "42883": never("SCHEMA_MISMATCH", SCHEMA_ADVICE),
  "42P05": never("MISCONFIGURED", POOLER_ADVICE),
  "26000": never("MISCONFIGURED", POOLER_ADVICE),
  "08P01": never("MISCONFIGURED", POOLER_ADVICE),
  "0A000": never("MISCONFIGURED", POOLER_ADVICE),
  XX001: never("STORE_CORRUPT", DAMAGED_ADVICE),
  XX002: never("STORE_CORRUPT", DAMAGED_ADVICE),
  "54000": never("INVALID_ARGUMENT", "It is larger than PostgreSQL stores."),
};

const CLASSES: Readonly<Record<string, Meaning>> = {
  "08": lost(),
  "22": never(
    "INVALID_ARGUMENT",
    "PostgreSQL cannot store such a value: texts are well-formed and without NUL.",
  ),
  "23": never("INVALID_ARGUMENT", "The value breaks a rule of the schema."),
  "53": undone(FULL_ADVICE),
  "54": never("INVALID_ARGUMENT", "It is larger than PostgreSQL stores."),
  "57": lost(),
  "58": lost("The server could not read or write its files. Repeat the call when it can."),
  XX: { ...lost("The server failed inside. Look at its log."), retryable: false },
};

/** Of the system and of TLS, by `code`. */
const REFUSED = undone("The server is not reachable. Repeat the call when it is.");
const UNKNOWN_HOST = undone(
  "Its name is not known. Check the host in the URL, or repeat the call.",
);
const TLS = never("MISCONFIGURED", TLS_ADVICE);
const CODES: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: REFUSED,
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  EHOSTUNREACH: REFUSED,
  ENETUNREACH: REFUSED,
  ENOENT: REFUSED,
  ECONNRESET: lost(),
  EPIPE: lost(),
  ETIMEDOUT: lost(),
  ...Object.fromEntries(
    [
      "CERT_CHAIN_TOO_LONG",
      "CERT_HAS_EXPIRED",
      "CERT_NOT_YET_VALID",
      "CERT_REJECTED",
      "CERT_REVOKED",
      "CERT_SIGNATURE_FAILURE",
      "CERT_UNTRUSTED",
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "ERR_TLS_CERT_ALTNAME_INVALID",
      "HOSTNAME_MISMATCH",
      "INVALID_CA",
      "INVALID_PURPOSE",
      "PATH_LENGTH_EXCEEDED",
      "SELF_SIGNED_CERT_IN_CHAIN",
      "UNABLE_TO_GET_ISSUER_CERT",
      "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
      "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    ].map((code) => [code, TLS]),
  ),
};

/** Where the text says more than the code. */
const SAYINGS: readonly (readonly [RegExp, Meaning])[] = [
  [
    /no PostgreSQL user name specified/i,
    never("MISCONFIGURED", "There is no user name in the URL, and none in `PGUSER`: add one."),
  ],
];

/** Of `pg`, which gives these no code. */
const MESSAGES: readonly (readonly [RegExp, Meaning])[] = [
  [
    /does not support SSL/i,
    never("MISCONFIGURED", "The server speaks no TLS: turn it on there, or set `sslmode=disable`."),
  ],
  [
    /password must be a string/i,
    never("PERMISSION_DENIED", "The server wants a password: pass one, as a text or a function."),
  ],
  [/after calling end on the pool/i, never("CLOSED", "The pool was closed.")],
  [/timeout exceeded when trying to connect|connection timeout/i, { ...REFUSED, code: "TIMEOUT" }],
  [/Connection terminated|connection error|Connection ended|not queryable|read timeout/i, lost()],
];

/** The SQLSTATE, or the system's code. */
function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : undefined;
}

/** Whether the server says that the transaction was undone and may simply be repeated. */
export function isSerializationFailure(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/** Whether a pooler has given us a connection on which a named statement is not what we think. */
export function isStatementConfusion(error: unknown): boolean {
  const code = codeOf(error);
  return code === "26000" || code === "42P05";
}

/** Whether the connection that gave this error may be used again. */
export function discardsConnection(error: unknown): boolean {
  const { code, meaning } = understand(error);
  // A server's own answer leaves the connection as it was; anything else broke it.
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? meaning.discards === true : true;
}

/** A driver's error in our words. */
export function toAdkError(error: unknown, context: FailureContext): AdkError {
  if (AdkError.isInstance(error)) return error;
  const { code, meaning } = understand(error);
  const committed = context.isSent && context.isWrite ? meaning.committed : false;
  const name = code === undefined ? "" : ` (${code})`;
  return new AdkError(
    meaning.code,
    `PostgreSQL${whereOf(error)} failed${name}. ${meaning.advice}`,
    {
      cause: cleaned(error, code),
      retryable: meaning.retryable,
      details: { committed, ...(code !== undefined && { driverCode: code }) },
    },
  );
}

function understand(error: unknown): { code: string | undefined; meaning: Meaning } {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  // Several addresses were tried: the first one's error speaks for all.
  if (error instanceof AggregateError && error.errors.length > 0 && code === undefined)
    return understand(error.errors[0]);
  const byCode =
    code === undefined ? undefined : (own(STATES, code) ?? own(CODES, code) ?? byClass(code));
  const meaning =
    SAYINGS.find(([pattern]) => pattern.test(message))?.[1] ??
    byCode ??
    MESSAGES.find(([pattern]) => pattern.test(message))?.[1] ??
    lost();
  return { code, meaning };
}

/** Which server, or as whom, where the system or the server says it: ` at 127.0.0.1:5432`, ` for user "app"`. */
function whereOf(error: unknown): string {
  const one: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const { address, hostname, port } = (one ?? {}) as Record<string, unknown>;
  const host = address ?? hostname;
  if (typeof host === "string") return ` at ${host}${typeof port === "number" ? `:${port}` : ""}`;
  if (!(one instanceof Error) || !codeOf(one)?.startsWith("28")) return "";
  const user = /\b(?:user|role) "([^"]*)"/.exec(one.message)?.[1];
  return user === undefined ? "" : ` for user ${JSON.stringify(user)}`;
}

function byClass(code: string): Meaning | undefined {
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  return own(CLASSES, code.slice(0, 2)) ?? never("UNAVAILABLE", "Look at the server's log.");
}

function own(table: Readonly<Record<string, Meaning>>, key: string): Meaning | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Messages of these classes may quote values or rows. */
const TELLING: readonly string[] = ["21", "22", "23", "P0"];

/** What a cause is: a copy of the driver's error. */
class DriverError extends Error {
  override readonly name: string;
  readonly code: string | undefined;

  constructor(message: string, name: string, code: string | undefined) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

/** Class, code and message alone: a driver's error also carries details, parameters and rows. */
function cleaned(error: unknown, code: string | undefined): unknown {
  if (!(error instanceof Error)) return undefined;
  const isTelling = code !== undefined && TELLING.includes(code.slice(0, 2));
  return new DriverError(
    isTelling ? `The server's error ${code}.` : error.message,
    error.name,
    code,
  );
}
