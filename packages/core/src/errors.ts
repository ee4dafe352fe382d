/**
 * Every code an `AdkError` can carry, in every package. Adding one is a minor change, removing one a major.
 *
 * - input: what the caller gave cannot be used; nothing was written.
 * - run: a run could not start or go on.
 * - sessions, artifacts: what a service answered.
 * - store: the backend; `details.committed` says `false` or `"unknown"` (`true` for `SESSION_REGRESSED` found by an append).
 */
export type AdkErrorCode =
  // input
  | "INVALID_ARGUMENT"
  | "NOT_SERIALIZABLE"
  | "FAILED_PRECONDITION"
  | "UNSUPPORTED"
  // run
  | "INVOCATION_NOT_FOUND"
  | "INVOCATION_ABORTED"
  | "LLM_CALLS_LIMIT_EXCEEDED"
  | "BUDGET_EXCEEDED"
  | "PLUGIN_FAILED"
  | "MODEL_FAILED"
  | "TOOL_FAILED"
  | "MODEL_NOT_FOUND"
  | "CALL_NOT_FOUND"
  | "CALL_ALREADY_ANSWERED"
  | "CALL_EXPIRED"
  | "CALL_REWOUND"
  // sessions
  | "SESSION_NOT_FOUND"
  | "SESSION_ALREADY_EXISTS"
  | "SESSION_GONE"
  | "SESSION_CONFLICT"
  | "SESSION_BUSY"
  | "SESSION_FENCED"
  | "EVENT_ID_CONFLICT"
  | "EVENT_TOO_LARGE"
  | "SESSION_REGRESSED"
  // artifacts
  | "ARTIFACT_NAME_INVALID"
  | "ARTIFACT_TOO_LARGE"
  | "ARTIFACT_CONFLICT"
  | "ARTIFACT_CORRUPT"
  | "METADATA_TOO_LARGE"
  // store
  | "UNAVAILABLE"
  | "TIMEOUT"
  | "STORE_FULL"
  | "STORE_CORRUPT"
  | "ABORTED"
  | "PERMISSION_DENIED"
  | "SCHEMA_MISMATCH"
  | "MISCONFIGURED"
  | "CLOSED";

/** What an error carries besides code and message. */
export interface AdkErrorOptions {
  /** The error behind this one. Drivers' errors are cleaned first: class, code and message, never payloads or secrets. */
  readonly cause?: unknown;
  /** Whether the same call may succeed when it is repeated. @defaultValue false */
  readonly retryable?: boolean;
  /** Facts for programs: ids, numbers, limits. Never payloads. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const BRAND: unique symbol = Symbol.for("adk.error") as never;

/**
 * The one error class of `@adk/*`: `code` for programs, `message` for people (what was wrong and what to do next).
 *
 * Two copies of the package agree on it: use {@link AdkError.isInstance} instead of `instanceof`.
 */
export class AdkError extends Error {
  override readonly name: string = "AdkError";
  readonly code: AdkErrorCode;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: AdkErrorCode, message: string, options: AdkErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.details = options.details ?? {};
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether `value` is an `AdkError`, of this or of another copy of the package; with `code`, of that code. */
  static isInstance(value: unknown, code?: AdkErrorCode): value is AdkError {
    return (
      typeof value === "object" &&
      value !== null &&
      BRAND in value &&
      (code === undefined || ("code" in value && value.code === code))
    );
  }
}
