import { AdkError, type AdkErrorCode } from "@adk/core";

/** What is known about the request that failed. */
export interface FailureContext {
  readonly bucket: string;
  /** Host and port of the server, where they are known. */
  readonly endpoint?: string | undefined;
  /** The object's, or the prefix that was listed. */
  readonly key: string;
  readonly isWrite: boolean;
  readonly signal?: AbortSignal | undefined;
}

type Committed = false | "unknown";

interface Meaning {
  readonly code: AdkErrorCode;
  readonly retryable: boolean;
  /** What a write left behind. */
  readonly committed: Committed;
  readonly advice: string;
}

const AGAIN = "Repeat the call.";
const lost = (code: AdkErrorCode = "UNAVAILABLE", advice: string = AGAIN): Meaning => ({
  code,
  retryable: true,
  committed: "unknown",
  advice,
});
const undone = (advice: string): Meaning => ({ ...lost("UNAVAILABLE", advice), committed: false });
const never = (code: AdkErrorCode, advice: string): Meaning => ({
  code,
  retryable: false,
  committed: false,
  advice,
});

const LOGIN = never(
  "PERMISSION_DENIED",
  "The credentials are missing, wrong or expired: correct them.",
);
const DENIED = never(
  "PERMISSION_DENIED",
  "The credentials may not do that: grant what the README lists under Permissions.",
);
const REGION = never(
  "MISCONFIGURED",
  "The bucket is in another region, or at another endpoint: set `region` or `endpoint`.",
);
const NO_REGION = never(
  "MISCONFIGURED",
  "No region was found: set `region`, or AWS_REGION, or a profile's.",
);
const BUSY = undone("The server asks for patience. Repeat the call a moment later.");
const UNREACHABLE = undone("The server is not reachable. Repeat the call when it is.");
const TLS = never(
  "MISCONFIGURED",
  "The server's certificate was not accepted: give Node its authority (`NODE_EXTRA_CA_CERTS`).",
);
const DAMAGED = undone("The bytes were damaged on their way. Repeat the call.");
const FULL = never("STORE_FULL", "The server has no room for it, or a quota is used up.");

/** By the name that S3 and the SDK give an error, or the system its code. */
const NAMES: Readonly<Record<string, Meaning>> = {
  NoSuchBucket: never("MISCONFIGURED", "There is no such bucket: make it, or correct its name."),
  NoSuchKey: never(
    "ARTIFACT_CORRUPT",
    "Bytes of the artifact are gone: it was deleted meanwhile, or somebody removed its objects.",
  ),
  AccessDenied: DENIED,
  InvalidAccessKeyId: LOGIN,
  SignatureDoesNotMatch: LOGIN,
  ExpiredToken: LOGIN,
  InvalidToken: LOGIN,
  CredentialsProviderError: LOGIN,
  RequestTimeTooSkewed: never("MISCONFIGURED", "This machine's clock is wrong: set it."),
  PermanentRedirect: REGION,
  TemporaryRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
  SlowDown: BUSY,
  ServiceUnavailable: BUSY,
  ThrottlingException: BUSY,
  TooManyRequestsException: BUSY,
  ConditionalRequestConflict: BUSY,
  OperationAborted: BUSY,
  InternalError: lost(),
  RequestTimeout: lost("TIMEOUT"),
  TimeoutError: lost("TIMEOUT", "The server did not answer in time. Repeat the call."),
  NoSuchUpload: undone("The upload was ended by somebody: a purge, or a deletion. Save it again."),
  EntityTooLarge: never("ARTIFACT_TOO_LARGE", "The server takes no object of that size."),
  KeyTooLongError: never("ARTIFACT_NAME_INVALID", "Shorten the prefix, the ids or the name."),
  MetadataTooLarge: never("METADATA_TOO_LARGE", "Give the artifact less metadata."),
  BadDigest: DAMAGED,
  XAmzContentSHA256Mismatch: DAMAGED,
  XAmzContentChecksumMismatch: DAMAGED,
  IncompleteBody: DAMAGED,
  QuotaExceeded: FULL,
  InsufficientStorage: FULL,
  XMinioStorageFull: FULL,
  InvalidObjectState: never(
    "FAILED_PRECONDITION",
    "The object is archived: restore it from its storage class first.",
  ),
  NotImplemented: never(
    "MISCONFIGURED",
    "The server lacks a part of S3 that this needs: see what the README says of servers.",
  ),
  ECONNREFUSED: UNREACHABLE,
  ENOTFOUND: UNREACHABLE,
  EAI_AGAIN: UNREACHABLE,
  EHOSTUNREACH: UNREACHABLE,
  ENETUNREACH: UNREACHABLE,
  CERT_HAS_EXPIRED: TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: TLS,
  SELF_SIGNED_CERT_IN_CHAIN: TLS,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TLS,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TLS,
  ERR_TLS_CERT_ALTNAME_INVALID: TLS,
};

const STATUSES: Readonly<Record<number, Meaning>> = {
  301: REGION,
  307: REGION,
  401: LOGIN,
  403: DENIED,
  404: never("MISCONFIGURED", "There is no such bucket or object: correct the bucket's name."),
  408: lost("TIMEOUT"),
  409: BUSY,
  429: BUSY,
  501: NAMES["NotImplemented"]!,
  503: BUSY,
  507: FULL,
};

/** The HTTP status of an answer that is an error. */
export function statusOf(error: unknown): number | undefined {
  return (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
}

/** How often the SDK has asked: what the last answer says does not hold for those before it. */
function attemptsOf(error: unknown): number {
  return (error as { $metadata?: { attempts?: number } } | undefined)?.$metadata?.attempts ?? 1;
}

/** The error's own name: of the answer, of the SDK, or the system's code. */
export function nameOf(error: unknown): string | undefined {
  const { name, code, cause } = (error ?? {}) as { name?: string; code?: unknown; cause?: unknown };
  if (typeof code === "string" && Object.hasOwn(NAMES, code)) return code;
  if (name !== undefined && name !== "Error" && name !== "AggregateError") return name;
  return typeof code === "string" ? code : cause === undefined ? name : nameOf(cause);
}

/** An SDK's error in our words. */
export function toAdkError(error: unknown, context: FailureContext): AdkError {
  if (AdkError.isInstance(error)) return error;
  const { bucket, endpoint, key, isWrite, signal } = context;
  const place = { bucket, key, ...(endpoint !== undefined && { endpoint }) };
  if (signal?.aborted)
    return new AdkError("ABORTED", "The call was cancelled while the server worked on it.", {
      cause: signal.reason,
      details: { ...place, committed: isWrite ? "unknown" : false },
    });
  const [name, status] = [nameOf(error), statusOf(error)];
  const meaning = meaningOfText(error) ?? meaningOf(name, status);
  const said = [name === "Error" ? undefined : name, status].filter((part) => part !== undefined);
  const answer = said.length > 0 ? ` (${said.join(", ")})` : "";
  const at = ` in bucket ${JSON.stringify(bucket)}${endpoint === undefined ? "" : ` at ${endpoint}`}`;
  return new AdkError(meaning.code, `S3 failed${answer}${at}. ${meaning.advice}`, {
    cause: cleaned(error, name),
    retryable: meaning.retryable,
    details: {
      ...place,
      committed: !isWrite ? false : attemptsOf(error) > 1 ? "unknown" : meaning.committed,
      ...(name !== undefined && { driverCode: name }),
      ...(status !== undefined && { status }),
    },
  });
}

/** The SDK gives these failures of its own no name. */
const TEXTS: readonly (readonly [string, Meaning])[] = [
  ["Region is missing", NO_REGION],
  ["Resolved credential object is not valid", LOGIN],
];

function meaningOfText(error: unknown): Meaning | undefined {
  if (!(error instanceof Error)) return undefined;
  return TEXTS.find(([text]) => error.message.startsWith(text))?.[1];
}

function meaningOf(name: string | undefined, status: number | undefined): Meaning {
  if (name !== undefined && Object.hasOwn(NAMES, name)) return NAMES[name]!;
  if (status === undefined) return lost();
  const known = Object.hasOwn(STATUSES, status) ? STATUSES[status] : undefined;
  if (known) return known;
  return status >= 400 && status < 500
    ? never("INVALID_ARGUMENT", "The server refused the request as it is; see the cause.")
    : lost();
}

/** Whether an error of ours says that an action is not granted; otherwise it may be the credentials that are not accepted. */
export function isRefused({ details }: AdkError): boolean {
  const { driverCode, status } = details as { driverCode?: string; status?: number };
  return meaningOf(driverCode, status) === DENIED;
}

/** What a cause is: a copy of the SDK's error, which also carries requests with their headers and bodies. */
class DriverError extends Error {
  override readonly name: string;

  constructor(message: string, name: string) {
    super(message);
    this.name = name;
  }
}

function cleaned(error: unknown, name: string | undefined): unknown {
  return error instanceof Error
    ? new DriverError(error.message, name ?? error.name)
    : new DriverError("The SDK threw what is no error.", "Error");
}

/** A failure behind the write of a version does not say that nothing was written. */
export async function whileItMayStand<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw mayStand(error);
  }
}

/** An error that says that nothing was written, where something may be. */
export function mayStand(error: unknown): unknown {
  if (!AdkError.isInstance(error) || error.details["committed"] !== false) return error;
  const { code, message, cause, retryable, details } = error;
  return new AdkError(code, message, {
    cause,
    retryable,
    details: { ...details, committed: "unknown" },
  });
}
