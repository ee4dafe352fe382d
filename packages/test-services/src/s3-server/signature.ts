import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { S3Refusal } from "./refusal.ts";
import type { S3Request } from "./request.ts";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What a request says of its signature, in its headers or (presigned) in its query. */
interface Claim {
  readonly credential: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly date: string;
  readonly payload: string;
}

const PRESIGNED = "X-Amz-Signature";
const MOST_SKEW_MS = 900_000;

/**
 * Checks the signature of AWS, version 4: of the headers, or of a presigned URL and its expiry, and the body's hash.
 *
 * @throws S3Refusal
 */
export function checkSignature(request: S3Request, credentials: S3Credentials, now: number): void {
  const { query, headers, body } = request;
  const isPresigned = query.has(PRESIGNED);
  const claim = isPresigned ? claimOfQuery(query) : claimOfHeaders(headers);
  const [accessKeyId, day = "", region = "", service = ""] = claim.credential.split("/");
  if (accessKeyId !== credentials.accessKeyId) throw new S3Refusal(403, "InvalidAccessKeyId");
  const signedAt = parseDate(claim.date);
  if (isPresigned) {
    const expiresMs = Number(query.get("X-Amz-Expires")) * 1_000;
    if (!(now <= signedAt + expiresMs)) throw new S3Refusal(403, "AccessDenied");
  } else if (!(Math.abs(now - signedAt) <= MOST_SKEW_MS))
    throw new S3Refusal(403, "RequestTimeTooSkewed");
  const text = [
    "AWS4-HMAC-SHA256",
    claim.date,
    [day, region, service, "aws4_request"].join("/"),
    sha256(canonical(request, claim)),
  ].join("\n");
  let key: Buffer = Buffer.from(`AWS4${credentials.secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request"]) key = hmac(key, part);
  const [expected, given] = [hmac(key, text), Buffer.from(claim.signature, "hex")];
  if (given.length !== expected.length || !timingSafeEqual(given, expected))
    throw new S3Refusal(403, "SignatureDoesNotMatch");
  if (/^[0-9a-f]{64}$/.test(claim.payload) && claim.payload !== sha256(body))
    throw new S3Refusal(400, "XAmzContentSHA256Mismatch");
  if (claim.payload.startsWith("STREAMING-")) throw new S3Refusal(501, "NotImplemented");
}

function canonical({ method, rawPath, query, headers }: S3Request, claim: Claim): string {
  const parameters = [...query]
    .filter(([name]) => name !== PRESIGNED)
    .map(([name, value]) => `${escape(name)}=${escape(value)}`)
    .toSorted();
  const lines = claim.signedHeaders.map(
    (name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`,
  );
  const path = rawPath.split("/").map((part) => escape(decodeURIComponent(part)));
  return [
    method,
    path.join("/"),
    parameters.join("&"),
    ...lines,
    "",
    claim.signedHeaders.join(";"),
    claim.payload,
  ].join("\n");
}

function claimOfHeaders(headers: S3Request["headers"]): Claim {
  const { authorization = "" } = headers;
  const part = (name: string): string =>
    new RegExp(`${name}=([^,\\s]+)`).exec(authorization)?.[1] ?? "";
  if (!authorization.startsWith("AWS4-HMAC-SHA256 ")) throw new S3Refusal(403, "AccessDenied");
  return {
    credential: part("Credential"),
    signedHeaders: part("SignedHeaders").split(";"),
    signature: part("Signature"),
    date: headers["x-amz-date"] ?? "",
    payload: headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD",
  };
}

function claimOfQuery(query: URLSearchParams): Claim {
  return {
    credential: query.get("X-Amz-Credential") ?? "",
    signedHeaders: (query.get("X-Amz-SignedHeaders") ?? "").split(";"),
    signature: query.get(PRESIGNED) ?? "",
    date: query.get("X-Amz-Date") ?? "",
    payload: query.get("X-Amz-Content-Sha256") ?? "UNSIGNED-PAYLOAD",
  };
}

/** `20261124T234016Z` */
function parseDate(date: string): number {
  return Date.parse(
    date.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, "$1-$2-$3T$4:$5:$6Z"),
  );
}

function escape(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function hmac(key: Uint8Array, data: string): Buffer {
  return createHmac("sha256", key).update(data).digest();
}
