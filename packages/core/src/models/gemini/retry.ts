import { AdkError } from "../../errors.ts";

/**
 * Repeating a call, each time after a longer wait, or after the one that the service asks for: in the error itself, or in a
 * `Retry-After` header (which only newer versions of `@google/genai` let us see).
 */
export interface GeminiRetryOptions {
  /** The first call included. @defaultValue 5 */
  maxAttempts?: number | undefined;
  /** @defaultValue 1000 */
  initialDelayMs?: number | undefined;
  /** The longest wait. A server that asks for a longer one is not asked again. @defaultValue 60000 */
  maxDelayMs?: number | undefined;
  /** Each wait is so many times the one before. @defaultValue 2 */
  multiplier?: number | undefined;
  /** The share of a wait that is left to chance, 0 to 1, so that many callers do not come back at once. @defaultValue 0.5 */
  jitter?: number | undefined;
}

const DEFAULTS = {
  maxAttempts: 5,
  initialDelayMs: 1_000,
  maxDelayMs: 60_000,
  multiplier: 2,
  jitter: 0.5,
} as const;

/** @throws {@link AdkError} `INVALID_ARGUMENT` for numbers that cannot be meant. */
export function checkRetry(retry: GeminiRetryOptions): void {
  if (typeof retry !== "object" || retry === null)
    throw new AdkError("INVALID_ARGUMENT", "Gemini: `retry` must be an object; `{}` for defaults.");
  const least = { maxAttempts: 1, initialDelayMs: 0, maxDelayMs: 0, multiplier: 1, jitter: 0 };
  for (const [name, value] of Object.entries(retry) as [keyof typeof least, unknown][]) {
    if (value === undefined) continue;
    if (!Object.hasOwn(least, name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Gemini: \`retry.${name}\` is no option. There are ${Object.keys(least).join(", ")}.`,
      );
    const most = name === "jitter" ? 1 : Number.MAX_SAFE_INTEGER;
    const fits = typeof value === "number" && value >= least[name] && value <= most;
    if (!fits || (name === "maxAttempts" && !Number.isInteger(value)))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Gemini: \`retry.${name}\` must be a number of at least ${least[name]}${name === "jitter" ? " and at most 1" : ""}, got ${JSON.stringify(value)}.`,
      );
  }
}

/** @returns the wait before the next attempt in milliseconds, or nothing when there is none. */
export function retryDelay(
  retry: GeminiRetryOptions | undefined,
  attempt: number,
  error: AdkError,
): number | undefined {
  if (!retry || !error.retryable) return undefined;
  const maxAttempts = retry.maxAttempts ?? DEFAULTS.maxAttempts;
  const maxDelayMs = retry.maxDelayMs ?? DEFAULTS.maxDelayMs;
  if (attempt >= maxAttempts) return undefined;
  const asked = error.details["retryAfterMs"];
  if (typeof asked === "number") return asked <= maxDelayMs ? asked : undefined;
  const growth = (retry.multiplier ?? DEFAULTS.multiplier) ** (attempt - 1);
  const whole = Math.min(maxDelayMs, (retry.initialDelayMs ?? DEFAULTS.initialDelayMs) * growth);
  return Math.round(whole * (1 - (retry.jitter ?? DEFAULTS.jitter) * Math.random()));
}

/** Milliseconds of a `Retry-After` header: seconds, or a date. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === "") return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - now : seconds * 1_000;
  return Number.isFinite(ms) ? Math.max(0, Math.round(ms)) : undefined;
}

/** A `fetch` that shows the headers of failed responses; the client's errors do not carry them. */
export function watchingFetch(onFailure: (headers: Headers) => void): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, { ...init, ...patience() });
    if (!response.ok) onFailure(response.headers);
    return response;
  };
}

type Dispatch = (options: object, handler: unknown) => unknown;

const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

/**
 * In Node, `fetch` gives up after 300 s without a byte, and a thinking model may need longer. The client switches that
 * off, but not for a `fetch` that is handed to it, so it is done here in the client's way. Elsewhere this adds nothing.
 */
function patience(): object {
  void new Headers(); // Node has its dispatcher from the first use of fetch's classes on.
  const dispatcher = (globalThis as { [DISPATCHER]?: { dispatch: Dispatch } })[DISPATCHER];
  if (!dispatcher) return {};
  const dispatch: Dispatch = (options, handler) =>
    dispatcher.dispatch({ ...options, headersTimeout: 0, bodyTimeout: 0 }, handler);
  return { dispatcher: { dispatch } };
}
