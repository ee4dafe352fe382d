import { xmlAnswer, type S3Answer } from "./answer.ts";
import type { S3Bucket } from "./objects.ts";
import { S3Refusal } from "./refusal.ts";
import type { S3Request } from "./request.ts";

const MOST_KEYS = 1_000;

/** Requests to a bucket itself, which is there. */
export function bucketAnswer(bucket: S3Bucket, request: S3Request): S3Answer {
  const { method, query, body } = request;
  if (method === "HEAD") return { status: 200 };
  if (query.has("versioning")) {
    if (method === "PUT") {
      bucket.isVersioned = body.toString().includes("<Status>Enabled</Status>");
      return { status: 200 };
    }
    const status = bucket.isVersioned ? { Status: "Enabled" } : {};
    return xmlAnswer("VersioningConfiguration", status);
  }
  if (method !== "GET") throw new S3Refusal(405, "MethodNotAllowed");
  if (query.has("versions")) return listVersions(bucket, query);
  if (query.has("uploads")) return listUploads(bucket, query);
  if (query.get("list-type") === "2") return listObjects(bucket, query);
  throw new S3Refusal(501, "NotImplemented");
}

function listObjects(bucket: S3Bucket, query: URLSearchParams): S3Answer {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter") ?? "";
  const token = query.get("continuation-token");
  const after = token === null ? query.get("start-after") : Buffer.from(token, "base64").toString();
  const most = Math.min(Number(query.get("max-keys") ?? MOST_KEYS), MOST_KEYS);
  const contents: { key: string }[] = [];
  const prefixes = new Set<string>();
  let last = "";
  let isTruncated = false;
  for (const key of bucket.keys()) {
    if (!key.startsWith(prefix) || !bucket.find(key)) continue;
    const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
    const isBefore = after !== null && compare(key, after) <= 0;
    if (isBefore || (common !== undefined && (prefixes.has(common) || common === after))) continue;
    if (contents.length + prefixes.size === most) {
      isTruncated = true;
      break;
    }
    if (common === undefined) contents.push({ key });
    else prefixes.add(common);
    last = common ?? key;
  }
  return xmlAnswer("ListBucketResult", {
    Prefix: prefix,
    KeyCount: contents.length + prefixes.size,
    MaxKeys: most,
    IsTruncated: isTruncated,
    ...(isTruncated && { NextContinuationToken: Buffer.from(last).toString("base64") }),
    Contents: contents.map(({ key }) => {
      const { bytes, etag, modified } = bucket.find(key)!;
      return {
        Key: key,
        LastModified: modified.toISOString(),
        ETag: `"${etag}"`,
        Size: bytes.length,
        StorageClass: "STANDARD",
      };
    }),
    CommonPrefixes: [...prefixes].map((common) => ({ Prefix: common })),
  });
}

function listVersions(bucket: S3Bucket, query: URLSearchParams): S3Answer {
  const prefix = query.get("prefix") ?? "";
  const marker = query.get("key-marker") ?? "";
  const versionMarker = query.get("version-id-marker") ?? "";
  const all = bucket
    .keys()
    .filter((key) => key.startsWith(prefix))
    .flatMap((key) =>
      bucket.versions(key).map((version, index) => ({ key, version, isLatest: index === 0 })),
    );
  const start = all.findIndex(
    ({ key, version }) => key === marker && version.versionId === versionMarker,
  );
  const rest =
    start >= 0 ? all.slice(start + 1) : all.filter(({ key }) => compare(key, marker) > 0);
  const page = rest.slice(0, MOST_KEYS);
  const last = page.at(-1);
  const isTruncated = rest.length > page.length;
  const describe = ({ key, version, isLatest }: (typeof all)[number]) => ({
    Key: key,
    VersionId: version.versionId,
    IsLatest: isLatest,
    LastModified: version.modified.toISOString(),
    ...(!version.isMarker && { ETag: `"${version.etag}"`, Size: version.bytes.length }),
  });
  return xmlAnswer("ListVersionsResult", {
    Prefix: prefix,
    IsTruncated: isTruncated,
    ...(isTruncated &&
      last && { NextKeyMarker: last.key, NextVersionIdMarker: last.version.versionId }),
    Version: page.filter(({ version }) => !version.isMarker).map(describe),
    DeleteMarker: page.filter(({ version }) => version.isMarker).map(describe),
  });
}

function listUploads(bucket: S3Bucket, query: URLSearchParams): S3Answer {
  const prefix = query.get("prefix") ?? "";
  const uploads = [...bucket.uploads].filter(([, { key }]) => key.startsWith(prefix));
  return xmlAnswer("ListMultipartUploadsResult", {
    Prefix: prefix,
    IsTruncated: false,
    Upload: uploads.map(([uploadId, { key, begun }]) => ({
      Key: key,
      UploadId: uploadId,
      Initiated: begun.toISOString(),
    })),
  });
}

function compare(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
