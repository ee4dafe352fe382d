import { AdkError, checkOptions, type OptionCheck } from "@adk/core";
import { S3Client } from "@aws-sdk/client-s3";
import {
  checkCredentials,
  checkedCredentials,
  type Credentials,
  type CredentialsFunction,
} from "./credentials.ts";

/** How to reach the server. What is absent the SDK looks for as it always does: environment, profiles, the machine's role. */
export interface S3ConnectionOptions {
  /** `eu-central-1`. @defaultValue what the SDK finds; `us-east-1` with an `endpoint` */
  readonly region?: string | undefined;
  /** Of a server that is not AWS: `https://s3.example.com`. */
  readonly endpoint?: string | undefined;
  /** `https://server/bucket/key` instead of `https://bucket.server/key`. @defaultValue true with an `endpoint` */
  readonly forcePathStyle?: boolean | undefined;
  /** Keys, or a function that gives them. @defaultValue what the SDK finds */
  readonly credentials?: Credentials | CredentialsFunction | undefined;
  /** How long connecting may take, in milliseconds. @defaultValue 3,000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How long an answer, or a piece of it, may take, in milliseconds. @defaultValue 30,000 */
  readonly timeoutMs?: number | undefined;
  /** Connections at the most. @defaultValue 64 */
  readonly maxConnections?: number | undefined;
}

const number: OptionCheck = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= 2_147_483_647
    ? undefined
    : "a whole number from 1 to 2147483647";

/** A row for every option. */
export const CONNECTION_OPTIONS: Readonly<Record<keyof S3ConnectionOptions, OptionCheck>> = {
  region: "string",
  endpoint: (value) =>
    typeof value === "string" && /^https?:\/\/[^/@?#\s]+\/?$/.test(value)
      ? undefined
      : "the URL of a server, without credentials: https://s3.example.com",
  forcePathStyle: "boolean",
  credentials: checkCredentials,
  connectTimeoutMs: number,
  timeoutMs: number,
  maxConnections: number,
};

/** How often the SDK sends a request, the first time included. */
const MAX_ATTEMPTS = 4;

/** A client of our own. Nothing is sent yet. */
export function openClient(options: S3ConnectionOptions): S3Client {
  const { endpoint, region, credentials } = options;
  const isElsewhere = endpoint !== undefined;
  const { timeoutMs = 30_000 } = options;
  return new S3Client({
    ...(isElsewhere && { endpoint }),
    ...((region ?? (isElsewhere ? "us-east-1" : undefined)) && { region: region ?? "us-east-1" }),
    ...(credentials && {
      credentials: (typeof credentials === "function"
        ? checkedCredentials(credentials)
        : credentials) as never,
    }),
    forcePathStyle: options.forcePathStyle ?? isElsewhere,
    maxAttempts: MAX_ATTEMPTS,
    // Whole objects are checked by their SHA-256; servers that are not AWS may not know the SDK's checksums.
    ...(isElsewhere && { requestChecksumCalculation: "WHEN_REQUIRED" as const }),
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs ?? 3_000,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: timeoutMs,
      httpAgent: { keepAlive: true, maxSockets: options.maxConnections ?? 64 },
      httpsAgent: { keepAlive: true, maxSockets: options.maxConnections ?? 64 },
    },
  });
}

/** What a URI says in its query. */
const IN_URI: Readonly<Record<string, OptionCheck>> = {
  region: "string",
  endpoint: "string",
  forcePathStyle: (value) => (value === "true" || value === "false" ? undefined : "true or false"),
  expectedBucketOwner: "string",
  storageClass: "string",
  conditional: "string",
};

/**
 * Bucket, prefix and options of `s3://bucket/prefix?region=…`.
 *
 * @param known the options that may stand beside a URI: those are named when they stand in it.
 */
export function readUri(uri: unknown, known: object): Record<string, unknown> {
  if (typeof uri !== "string")
    throw new AdkError(
      "INVALID_ARGUMENT",
      `S3ArtifactService.connect takes a URI, then options: connect("s3://files/adk", { region: "eu-central-1" }). Its first argument is ${uri === null ? "null" : `of type ${typeof uri}`}; a client and a bucket are for the constructor: new S3ArtifactService({ client, bucket }).`,
    );
  const parsed = URL.parse(uri);
  if (parsed?.protocol !== "s3:" || parsed.host === "")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URI must name a bucket: s3://bucket/prefix?region=eu-central-1.",
    );
  if (parsed.hash !== "")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URI has a fragment, which names nothing. A `#` in the prefix is written %23.",
    );
  if (parsed.username !== "" || parsed.password !== "")
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URI holds credentials. Pass them as `credentials`, or in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    );
  const options: Record<string, unknown> = { bucket: decode(parsed.host) };
  const prefix = decode(parsed.pathname).replace(/^\/|\/$/g, "");
  if (prefix !== "") options["prefix"] = prefix;
  return { ...options, ...readQuery(parsed.searchParams, known) };
}

function readQuery(query: URLSearchParams, known: object): Record<string, unknown> {
  const knows = `A URI knows: ${Object.keys(IN_URI).toSorted().join(", ")}.`;
  for (const name of query.keys()) {
    if (!Object.hasOwn(IN_URI, name) && Object.hasOwn(known, name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `\`${name}\` is not for a URI. Pass it beside: S3ArtifactService.connect(uri, { ${name} }). ${knows}`,
        { details: { option: name } },
      );
    if (query.getAll(name).length > 1 && Object.hasOwn(IN_URI, name))
      throw new AdkError("INVALID_ARGUMENT", `The URI says \`${name}\` twice. Say it once.`, {
        details: { option: name },
      });
  }
  const options: Record<string, unknown> = Object.fromEntries(query);
  checkOptions("A URI of S3", options, IN_URI);
  const { forcePathStyle } = options;
  return forcePathStyle === undefined
    ? options
    : { ...options, forcePathStyle: forcePathStyle === "true" };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The URI has a percent sign that encodes nothing. Write s3://bucket/prefix?region=eu-central-1.",
    );
  }
}
