import { AdkError, type AdkErrorCode } from "@adk/core";

/** What is known about the command that failed. */
export interface FailureContext {
  /** Whether the server may have got it. */
  readonly isSent: boolean;
  readonly isWrite: boolean;
  /** Whether the client was closed for good. */
  readonly isEnded?: boolean | undefined;
  /** Why the client has no connection: it says more than that a command was given up. */
  readonly trouble?: Error | undefined;
}

interface Meaning {
  readonly code: AdkErrorCode;
  readonly retryable: boolean;
  /** What a write left behind: `false` when the server says that it refused it. */
  readonly committed: false | "unknown";
  readonly advice: string;
}

const AGAIN = "Repeat the call.";
const refused = (advice: string = AGAIN): Meaning => ({
  code: "UNAVAILABLE",
  retryable: true,
  committed: false,
  advice,
});
const lost = (advice: string = AGAIN): Meaning => ({
  code: "UNAVAILABLE",
  retryable: true,
  committed: "unknown",
  advice,
});
const never = (code: AdkErrorCode, advice: string): Meaning => ({
  code,
  retryable: false,
  committed: false,
  advice,
});

const DENIED = never(
  "PERMISSION_DENIED",
  "The user lacks a right: the README's section Permissions lists what it needs.",
);
const PASSWORD = never("PERMISSION_DENIED", "The server refused the user or the password.");
const TLS_ADVICE =
  "The server's certificate was not accepted: pass its authority in `tls.ca`, and connect by the name that it was made for.";

/** By the first word of the server's answer. */
const ANSWERS: Readonly<Record<string, Meaning>> = {
  OOM: never(
    "STORE_FULL",
    "The server has no memory left (`maxmemory`), and wrote nothing: free some, then repeat the call.",
  ),
  READONLY: refused("The server is a replica: a failover is under way, it seems. Repeat the call."),
  LOADING: refused("The server is still loading its data. Repeat the call."),
  MASTERDOWN: refused("The server has lost its master. Repeat the call."),
  NOREPLICAS: refused(
    "The server has fewer replicas than it wants for a write (`min-replicas-to-write`). Repeat the call.",
  ),
  MISCONF: refused("The server cannot save its data, and refuses to write. Look at its log."),
  BUSY: refused("The server is running somebody's slow script. Repeat the call."),
  CLUSTERDOWN: refused("Not all of the cluster's slots are served. Repeat the call."),
  TRYAGAIN: refused("The slot is moving to another server. Repeat the call."),
  MOVED: refused(),
  ASK: refused(),
  UNBLOCKED: lost("The server became a replica meanwhile. Repeat the call."),
  NOPERM: DENIED,
  WRONGPASS: PASSWORD,
  NOAUTH: PASSWORD,
  WRONGTYPE: never(
    "STORE_CORRUPT",
    "A key of ours holds something else: another program writes under `keyPrefix`. Give each its own prefix, and restore what was overwritten.",
  ),
  CROSSSLOT: never(
    "MISCONFIGURED",
    "The server is a cluster: give the store a `Cluster` of ioredis, or `cluster: true`.",
  ),
};

/** Of the system and of TLS, by `code`. */
const UNREACHABLE = refused("The server is not reachable. Repeat the call when it is.");
const UNKNOWN_HOST = refused(
  "Its name is not known. Check the host in the URL, or repeat the call.",
);
const TLS = never("MISCONFIGURED", TLS_ADVICE);
const CODES: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: UNREACHABLE,
  ENOTFOUND: UNKNOWN_HOST,
  EAI_AGAIN: UNKNOWN_HOST,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  ENOENT: UNREACHABLE,
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

/** By the text, where nothing else says it. */
const MESSAGES: readonly (readonly [RegExp, Meaning])[] = [
  [/can't run this command|no permissions to|can't access at least one of the keys/i, DENIED],
  [/invalid username-password|without any password configured|no password is set/i, PASSWORD],
  [
    /unknown command|wrong number of arguments for '(?:waitaof|copy)'/i,
    never(
      "UNSUPPORTED",
      "The server is too old for it: the README's first lines say what it needs.",
    ),
  ],
  [
    /enableOfflineQueue options is false/i,
    refused("The client is not connected, and keeps nothing for later. Repeat the call."),
  ],
  [/All sentinels are unreachable|None of startup nodes is available/i, UNREACHABLE],
];

/** A command that waited for a connection. */
const GIVEN_UP = /max retries per request|Connection is closed|None of startup nodes/i;

interface DriverFailure {
  readonly code?: unknown;
  readonly lastNodeError?: unknown;
  readonly previousErrors?: readonly unknown[];
}

/** A driver's error in our words. */
export function toAdkError(error: unknown, context: FailureContext): AdkError {
  if (AdkError.isInstance(error)) return error;
  if (context.isEnded)
    return new AdkError("CLOSED", "The client was closed: nothing can be asked any more.", {
      cause: cleaned(error, undefined),
      details: { committed: context.isSent && context.isWrite ? "unknown" : false },
    });
  const isGivenUp = error instanceof Error && GIVEN_UP.test(error.message);
  const reason = isGivenUp ? (context.trouble ?? error) : error;
  const { code, meaning } = understand(reason);
  // What was under way when the connection broke may have arrived, whatever keeps it from coming back.
  const left = isGivenUp ? "unknown" : meaning.committed;
  const committed = context.isSent && context.isWrite ? left : false;
  return new AdkError(
    meaning.code,
    `Redis${whereOf(reason)} failed${code === undefined ? "" : ` (${code})`}. ${meaning.advice}`,
    {
      cause: cleaned(reason, code),
      retryable: meaning.retryable,
      details: { committed, ...(code !== undefined && { driverCode: code }) },
    },
  );
}

/** Whether the server does not know the script by its name. */
export function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("NOSCRIPT");
}

/** Whether the server refuses because its memory is full. */
export function isOutOfMemory(error: unknown): boolean {
  return understand(error).code === "OOM";
}

/** Whether another server of the cluster has the slot by now: nothing was carried out. */
export function isMoved(error: unknown): boolean {
  return understand(error).code === "MOVED";
}

function understand(error: unknown): Understood {
  return understandOne(innermost(error));
}

/** What is behind "all failed" says more than that: one step, as an error that a whole transaction got is behind itself. */
function innermost(error: unknown): unknown {
  const { previousErrors, lastNodeError } = (error ?? {}) as DriverFailure;
  const inner = previousErrors?.[0] ?? lastNodeError;
  return inner instanceof Error ? inner : error;
}

/** Which server, where the system says it: ` at 127.0.0.1:6379`. */
function whereOf(error: unknown): string {
  const { address, hostname, port } = (innermost(error) ?? {}) as Record<string, unknown>;
  const host = address ?? hostname;
  if (typeof host !== "string") return "";
  return ` at ${host}${typeof port === "number" ? `:${port}` : ""}`;
}

interface Understood {
  readonly code: string | undefined;
  readonly meaning: Meaning;
}

function understandOne(error: unknown): Understood {
  const failure = (error ?? {}) as DriverFailure;
  const message = error instanceof Error ? error.message : String(error);
  const word = answerOf(message);
  if (word !== undefined) return { code: word, meaning: ANSWERS[word] as Meaning };
  const code = typeof failure.code === "string" ? failure.code : undefined;
  if (code !== undefined && Object.hasOwn(CODES, code))
    return { code, meaning: CODES[code] as Meaning };
  const byText = MESSAGES.find(([pattern]) => pattern.test(message))?.[1];
  return { code, meaning: byText ?? lost() };
}

/** The word that an answer begins with; before Redis 7, one that a script got stands behind the script's own error. */
function answerOf(message: string): string | undefined {
  const words = [/^([A-Z]+)\b/.exec(message), /: -?([A-Z]+) /.exec(message)];
  return words.map((found) => found?.[1]).find((word) => word && Object.hasOwn(ANSWERS, word));
}

/** What a cause is: a copy of the driver's error, which also carries the command with its values. */
class DriverError extends Error {
  override readonly name: string;
  readonly code: string | undefined;

  constructor(message: string, name: string, code: string | undefined) {
    super(message);
    this.name = name;
    this.code = code;
  }
}

function cleaned(error: unknown, code: string | undefined): unknown {
  return error instanceof Error ? new DriverError(error.message, error.name, code) : undefined;
}
