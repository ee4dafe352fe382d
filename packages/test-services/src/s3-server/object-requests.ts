import { createHash } from "node:crypto";
import { xmlAnswer, type S3Answer } from "./answer.ts";
import { readRange, type S3Bucket, type StoredObject } from "./objects.ts";
import { S3Refusal } from "./refusal.ts";
import type { S3Request } from "./request.ts";

/** What an object gives back of what came with it. */
const KEPT =
  /^(content-type|content-disposition|content-encoding|cache-control|x-amz-meta-.+|x-amz-storage-class|x-amz-server-side-encryption.*)$/;

/** Requests to one object. */
export function objectAnswer(
  buckets: ReadonlyMap<string, S3Bucket>,
  bucket: S3Bucket,
  request: S3Request,
): S3Answer {
  switch (request.method) {
    case "PUT":
      return request.headers["x-amz-copy-source"] === undefined
        ? put(bucket, request)
        : copy(buckets, bucket, request);
    case "GET":
    case "HEAD":
      return get(bucket, request);
    case "DELETE": {
      const versionId = request.query.get("versionId") ?? undefined;
      const marker = bucket.remove(request.key, versionId);
      const headers = marker && {
        "x-amz-delete-marker": "true",
        "x-amz-version-id": marker.versionId,
      };
      return { status: 204, ...(headers && { headers }) };
    }
    default:
      throw new S3Refusal(405, "MethodNotAllowed");
  }
}

/** `If-None-Match: *` and `If-Match: "<etag>"`, also without quotes. @throws S3Refusal 412 when what is there does not meet them. */
export function checkCondition(bucket: S3Bucket, { key, headers }: S3Request): void {
  const found = bucket.find(key);
  const { "if-none-match": noneMatch, "if-match": match } = headers;
  if (
    (noneMatch === "*" && found) ||
    (match !== undefined && match.replaceAll('"', "") !== found?.etag)
  )
    throw new S3Refusal(412, "PreconditionFailed");
}

export function keptHeaders(headers: S3Request["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string] => KEPT.test(entry[0]) && entry[1] !== undefined,
    ),
  );
}

/** The object that a copy is made of. */
export function copySource(
  buckets: ReadonlyMap<string, S3Bucket>,
  { headers }: S3Request,
): StoredObject {
  const [name = "", ...key] = (headers["x-amz-copy-source"] ?? "")
    .replace(/^\//, "")
    .split("/")
    .map(decodeURIComponent);
  const source = buckets.get(name)?.find(key.join("/"));
  if (!source) throw new S3Refusal(404, "NoSuchKey");
  return source;
}

function put(bucket: S3Bucket, request: S3Request): S3Answer {
  checkCondition(bucket, request);
  const { key, headers, body } = request;
  const sha256 = headers["x-amz-checksum-sha256"];
  if (sha256 !== undefined && sha256 !== createHash("sha256").update(body).digest("base64"))
    throw new S3Refusal(400, "BadDigest");
  const stored = bucket.put(key, body, keptHeaders(headers));
  return { status: 200, headers: versioned(stored, { etag: `"${stored.etag}"` }) };
}

function copy(
  buckets: ReadonlyMap<string, S3Bucket>,
  bucket: S3Bucket,
  request: S3Request,
): S3Answer {
  checkCondition(bucket, request);
  const source = copySource(buckets, request);
  const stored = bucket.put(request.key, source.bytes, source.headers, source.etag);
  const { headers, ...answer } = xmlAnswer("CopyObjectResult", {
    ETag: `"${stored.etag}"`,
    LastModified: stored.modified.toISOString(),
  });
  return { ...answer, headers: versioned(stored, { ...headers }) };
}

function get(bucket: S3Bucket, { method, key, query, headers }: S3Request): S3Answer {
  const found = bucket.find(key, query.get("versionId") ?? undefined);
  if (!found) throw new S3Refusal(404, "NoSuchKey");
  const range = readRange(headers["range"], found.bytes.length);
  const bytes = range ? found.bytes.subarray(range.start, range.end) : found.bytes;
  const overrides = Object.fromEntries(
    [...query]
      .filter(([name]) => name.startsWith("response-"))
      .map(([name, value]) => [name.slice("response-".length), value]),
  );
  return {
    status: range ? 206 : 200,
    headers: versioned(found, {
      "content-type": "application/octet-stream",
      ...found.headers,
      ...overrides,
      "content-length": bytes.length,
      "last-modified": found.modified.toUTCString(),
      etag: `"${found.etag}"`,
      "accept-ranges": "bytes",
      ...(range && {
        "content-range": `bytes ${range.start}-${range.end - 1}/${found.bytes.length}`,
      }),
    }),
    body: method === "HEAD" ? undefined : bytes,
  };
}

function versioned(
  { versionId }: StoredObject,
  headers: Record<string, string | number | undefined>,
): Record<string, string | number | undefined> {
  return versionId === "null" ? headers : { ...headers, "x-amz-version-id": versionId };
}
