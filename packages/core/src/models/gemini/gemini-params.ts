import type { GenerateContentResponse } from "../../content/content.ts";
import { AdkError } from "../../errors.ts";
import type { Clock } from "../../internal/clock.ts";
import { type GeminiRetryOptions, checkRetry } from "./retry.ts";
import type { GeminiRequest } from "./to-request.ts";

/** The part of a `GoogleGenAI` that is used. */
export interface GeminiClient {
  readonly vertexai?: boolean | undefined;
  readonly models: {
    generateContent(request: GeminiRequest): Promise<GenerateContentResponse>;
    generateContentStream(request: GeminiRequest): Promise<AsyncGenerator<GenerateContentResponse>>;
  };
}

/**
 * How to reach Gemini. What is not given comes from the environment, read once, when the model is made:
 *
 * - **Which service**: `vertexai`; else `GOOGLE_GENAI_USE_ENTERPRISE`; else `GOOGLE_GENAI_USE_VERTEXAI` (`true` or `1`);
 *   else the Gemini API.
 * - **Gemini API**: `apiKey`; else `GOOGLE_GENAI_API_KEY`; else `GOOGLE_API_KEY`; else `GEMINI_API_KEY`.
 * - **Vertex AI**: `project` and `location`, each else `GOOGLE_CLOUD_PROJECT` and `GOOGLE_CLOUD_LOCATION` (location: else
 *   `global`), with Google's default credentials. `apiKey` without `project` and `location` (express mode) wins over those
 *   variables; the variables for keys count only when there is no project.
 *
 * An empty variable counts as not set.
 */
export interface GeminiParams {
  /** @defaultValue "gemini-2.5-flash" */
  model?: string | undefined;
  apiKey?: string | undefined;
  vertexai?: boolean | undefined;
  project?: string | undefined;
  location?: string | undefined;
  /** Added to each request. */
  headers?: Record<string, string> | undefined;
  /** Where the service is, without version and path. @defaultValue Google's address, or `GOOGLE_GEMINI_BASE_URL`, `GOOGLE_VERTEX_BASE_URL` */
  baseUrl?: string | undefined;
  /** @defaultValue `GOOGLE_GENAI_API_VERSION`; else "v1beta", on Vertex AI "v1beta1", whatever the client's own default is */
  apiVersion?: string | undefined;
  /** Repeats calls that ended with 408, 429 or 5xx, without a connection or in time, while nothing of the answer was passed on. @defaultValue no repetition */
  retry?: GeminiRetryOptions | undefined;
  /** How long one attempt may take, from sending to the last byte. @defaultValue no limit */
  timeoutMs?: number | undefined;
  /** A client of your own: then only `model`, `retry` and `timeoutMs` count, and a `Retry-After` header goes unseen. */
  client?: GeminiClient | undefined;
  /** Time for `retry` and `timeoutMs`. @defaultValue the machine's */
  clock?: Clock | undefined;
  /** Refused with `UNSUPPORTED` when true. */
  useInteractionsApi?: false | undefined;
}

/** Where calls go, all variables read. */
export interface GeminiTarget {
  model: string;
  vertexai: boolean;
  apiVersion: string;
  apiKey?: string;
  project?: string;
  location?: string;
}

const NAMES: ReadonlySet<string> = new Set<keyof GeminiParams>([
  "model",
  "apiKey",
  "vertexai",
  "project",
  "location",
  "headers",
  "baseUrl",
  "apiVersion",
  "retry",
  "timeoutMs",
  "client",
  "clock",
  "useInteractionsApi",
]);

/** @throws {@link AdkError} `INVALID_ARGUMENT` or `UNSUPPORTED` for parameters that cannot be meant. */
export function checkParams(params: GeminiParams): void {
  const unknown = Object.keys(params).find((name) => !NAMES.has(name));
  if (unknown !== undefined)
    throw invalid(unknown, `is no parameter of Gemini. It has ${[...NAMES].join(", ")}`);
  for (const name of ["model", "apiKey", "project", "location", "baseUrl", "apiVersion"] as const)
    if (params[name] !== undefined && (typeof params[name] !== "string" || params[name] === ""))
      throw invalid(name, "must be a text that is not empty; leave it out otherwise");
  if (params.vertexai !== undefined && typeof params.vertexai !== "boolean")
    throw invalid("vertexai", "must be true or false");
  if (params.baseUrl !== undefined && !URL.canParse(params.baseUrl))
    throw invalid("baseUrl", "must be a URL such as https://example.com");
  if (
    params.timeoutMs !== undefined &&
    !(Number.isFinite(params.timeoutMs) && params.timeoutMs > 0)
  )
    throw invalid("timeoutMs", "must be a positive number of milliseconds");
  if (params.headers !== undefined && !isTexts(params.headers))
    throw invalid("headers", "must be an object of texts");
  if (params.client !== undefined && typeof params.client?.models?.generateContent !== "function")
    throw invalid("client", "must be a GoogleGenAI");
  if (params.clock !== undefined && typeof params.clock?.after !== "function")
    throw invalid("clock", "must be a clock with now() and after()");
  const interactions: unknown = params.useInteractionsApi;
  if (interactions !== undefined && typeof interactions !== "boolean")
    throw invalid("useInteractionsApi", "must be false. Leave it out");
  if (interactions === true)
    throw new AdkError(
      "UNSUPPORTED",
      "Gemini: the Interactions API is not supported. Leave `useInteractionsApi` out.",
    );
  if (params.retry !== undefined) checkRetry(params.retry);
}

/**
 * Where calls go: the parameters, completed from the environment as {@link GeminiParams} says.
 *
 * @throws {@link AdkError} `MISCONFIGURED` when there is neither a key nor a project.
 */
export function geminiInitParams(
  params: GeminiParams,
  env: Readonly<Record<string, string | undefined>> = globalThis.process?.env ?? {},
): GeminiTarget {
  const read = (name: string): string | undefined => env[name]?.trim() || undefined;
  const model = params.model ?? "gemini-2.5-flash";
  const envKey = read("GOOGLE_GENAI_API_KEY") ?? read("GOOGLE_API_KEY") ?? read("GEMINI_API_KEY");
  const flag = read("GOOGLE_GENAI_USE_ENTERPRISE") ?? read("GOOGLE_GENAI_USE_VERTEXAI");
  const vertexai = params.vertexai ?? /^(true|1)$/i.test(flag ?? "");
  const named = params.apiVersion ?? read("GOOGLE_GENAI_API_VERSION") ?? "beta";
  const apiVersion = named === "beta" ? (vertexai ? "v1beta1" : "v1beta") : named;
  const target = { model, vertexai, apiVersion };
  if (!vertexai) {
    const apiKey = params.apiKey ?? envKey;
    if (apiKey !== undefined) return { ...target, apiKey };
    throw new AdkError(
      "MISCONFIGURED",
      "Gemini needs an API key: give `apiKey`, or set GOOGLE_GENAI_API_KEY, GOOGLE_API_KEY or GEMINI_API_KEY. For Vertex AI set `vertexai: true` and a project.",
    );
  }
  const explicit = params.project !== undefined || params.location !== undefined;
  if (params.apiKey !== undefined && !explicit) return { ...target, apiKey: params.apiKey };
  const project = params.project ?? read("GOOGLE_CLOUD_PROJECT");
  const location = params.location ?? read("GOOGLE_CLOUD_LOCATION") ?? "global";
  if (project !== undefined) {
    const { apiKey } = params;
    return { ...target, project, location, ...(apiKey !== undefined && { apiKey }) };
  }
  if (envKey !== undefined && !explicit) return { ...target, apiKey: envKey };
  throw new AdkError(
    "MISCONFIGURED",
    "Gemini on Vertex AI needs a project: give `project`, or set GOOGLE_CLOUD_PROJECT. In express mode give `apiKey` instead.",
  );
}

function invalid(name: string, what: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", `Gemini: \`${name}\` ${what}.`, { details: { name } });
}

function isTexts(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === "string")
  );
}
