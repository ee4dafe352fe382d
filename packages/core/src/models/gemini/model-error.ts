import { AdkError } from "../../errors.ts";

export interface ModelErrorOptions {
  readonly model: string;
  /** What the failed response's `Retry-After` header asks for. */
  readonly retryAfterMs?: number | undefined;
  /** Texts that must not appear in the cause. */
  readonly secrets: readonly string[];
}

/** What the service says about a failure: https://cloud.google.com/apis/design/errors */
interface ServiceError {
  readonly message?: string;
  readonly status?: string;
  readonly details?: readonly { "@type"?: string; reason?: string; retryDelay?: string }[];
}

/**
 * The client's error as `MODEL_FAILED`: retryable for 408, 429, 5xx and broken connections.
 *
 * The service's own words, which may quote the request, stand only in the cause.
 */
export function toModelError(error: unknown, options: ModelErrorOptions): AdkError {
  if (AdkError.isInstance(error)) return error;
  const status = statusOf(error);
  if (status !== undefined) return serviceFailed(error as Error, status, options);
  const { sentence, retryable } = describe(error);
  return new AdkError("MODEL_FAILED", `Gemini ${options.model}: ${sentence}`, {
    cause: new CleanedError(error, options.secrets),
    retryable,
    details: { model: options.model },
  });
}

function serviceFailed(error: Error, status: number, options: ModelErrorOptions): AdkError {
  const service = parse(error.message);
  const reason = service.details?.find((detail) => detail.reason !== undefined)?.reason;
  const retryAfterMs = options.retryAfterMs ?? askedDelay(service);
  const name = reason ?? service.status;
  return new AdkError(
    "MODEL_FAILED",
    `Gemini ${options.model} answered ${status}${name && /^\w+$/.test(name) ? ` ${name}` : ""}. ${nextStep(status, reason)}`,
    {
      cause: new CleanedError(error, options.secrets, service.message),
      retryable: status === 408 || status === 429 || status >= 500,
      details: {
        model: options.model,
        status,
        ...(name !== undefined && { reason: name }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      },
    },
  );
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("status" in error)) return undefined;
  return typeof error.status === "number" ? error.status : undefined;
}

function nextStep(status: number, reason: string | undefined): string {
  if (status === 401 || status === 403 || reason === "API_KEY_INVALID")
    return "Check the API key or the credentials, and that they may use this model.";
  if (status === 404) return "Check the model's name; on Vertex AI also project and location.";
  if (status === 413) return "The request is too large: send fewer or smaller parts.";
  if (status === 429) return "Wait and call again, set `retry`, or raise the quota.";
  if (status === 408 || status >= 500) return "Call again later, or set `retry`.";
  return "Check what the request asks for; the cause has the service's own words.";
}

function describe(error: unknown): { sentence: string; retryable: boolean } {
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: "" };
  if (name === "SyntaxError" || isBrokenJson(message))
    return { sentence: "the answer is cut off or is not valid JSON. Call again.", retryable: true };
  if (name === "AbortError" || name === "TimeoutError")
    return {
      sentence: "no answer within `httpOptions.timeout`. Call again, or allow more time.",
      retryable: true,
    };
  const code = codeOf(error);
  if (code !== undefined || (name === "TypeError" && /fetch|terminated|network/i.test(message)))
    return {
      sentence: `the connection failed${code === undefined ? "" : ` (${code})`}. Check the network and \`baseUrl\`, or call again.`,
      retryable: true,
    };
  return { sentence: "the call failed; the cause says why.", retryable: false };
}

/** These messages of the client quote what came, so they are not passed on either. */
function isBrokenJson(message: string): boolean {
  return /^(Incomplete JSON segment|exception parsing stream chunk)/.test(message);
}

/** A system's code such as `ECONNRESET`, of the error or of what caused it. */
function codeOf(error: unknown): string | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if ("code" in at && typeof at.code === "string" && /^(E[A-Z_]+|UND_ERR_\w+)$/.test(at.code))
      return at.code;
  return undefined;
}

function parse(message: string): ServiceError {
  try {
    // An error in the middle of a stream has words before the JSON.
    const body: unknown = JSON.parse(message.slice(Math.max(0, message.search(/[{[]/))));
    const list: unknown = Array.isArray(body) ? body[0] : body;
    const found = (list as { error?: unknown } | null)?.error;
    if (typeof found !== "object" || found === null) return {};
    const { message: text, status, details } = found as Record<string, unknown>;
    return {
      ...(typeof text === "string" && { message: text }),
      ...(typeof status === "string" && { status }),
      ...(Array.isArray(details) && {
        details: details.filter((detail) => typeof detail === "object" && detail !== null),
      }),
    };
  } catch {
    return {};
  }
}

function askedDelay({ details }: ServiceError): number | undefined {
  const asked = details?.find(({ "@type": type }) => type?.endsWith("google.rpc.RetryInfo"));
  const match = /^(\d+(?:\.\d+)?)s$/.exec(String(asked?.retryDelay));
  return match ? Math.round(Number(match[1]) * 1_000) : undefined;
}

/** Class, code and message of an error, without secrets and without what was answered. */
class CleanedError extends Error {
  override readonly name: string;
  readonly code?: string;
  readonly status?: number;

  constructor(error: unknown, secrets: readonly string[], words?: string) {
    const { name, message } = error instanceof Error ? error : { name: typeof error, message: "" };
    const quotes = name === "SyntaxError" || isBrokenJson(message);
    super(quotes ? "The answer is not valid JSON." : withoutSecrets(words ?? message, secrets));
    this.name = name;
    const code = codeOf(error);
    const status = statusOf(error);
    if (code !== undefined) this.code = code;
    if (status !== undefined) this.status = status;
  }
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) result = result.replaceAll(secret, "…");
  result = result
    .replace(/([?&][\w-]*(?:key|token|signature)[\w-]*=)[^&\s"']+/gi, "$1…")
    .replace(/(\/\/)[^/@\s]+@/g, "$1…@")
    .replace(/(Bearer\s+)[\w.~+/=-]+/gi, "$1…");
  return result.length > 500 ? `${result.slice(0, 499)}…` : result;
}
