import { createHash, randomUUID } from "node:crypto";
import { xmlAnswer, type S3Answer } from "./answer.ts";
import { checkCondition, copySource, keptHeaders } from "./object-requests.ts";
import { md5, readRange, type OpenUpload, type S3Bucket } from "./objects.ts";
import { S3Refusal } from "./refusal.ts";
import type { S3Request } from "./request.ts";

const LEAST_PART_BYTES = 5 * 1_048_576;

/** Requests of a multipart upload; `undefined` when it is none. */
export function uploadAnswer(
  buckets: ReadonlyMap<string, S3Bucket>,
  bucket: S3Bucket,
  request: S3Request,
): S3Answer | undefined {
  const { method, key, query, headers } = request;
  if (method === "POST" && query.has("uploads")) {
    const uploadId = randomUUID();
    const checksum = headers["x-amz-checksum-algorithm"];
    const kept = keptHeaders(headers);
    const upload = { key, begun: new Date(), headers: kept, checksum, parts: new Map() };
    bucket.uploads.set(uploadId, upload);
    return xmlAnswer("InitiateMultipartUploadResult", { Key: key, UploadId: uploadId });
  }
  const uploadId = query.get("uploadId");
  if (uploadId === null) return undefined;
  const upload = bucket.uploads.get(uploadId);
  if (upload?.key !== key) throw new S3Refusal(404, "NoSuchUpload");
  if (method === "PUT") return putPart(buckets, upload, request);
  if (method === "DELETE") {
    bucket.uploads.delete(uploadId);
    return { status: 204 };
  }
  return complete(bucket, uploadId, upload, request);
}

function putPart(
  buckets: ReadonlyMap<string, S3Bucket>,
  { parts, checksum }: OpenUpload,
  request: S3Request,
): S3Answer {
  const { query, headers, body } = request;
  const number = Number(query.get("partNumber"));
  if (!(number >= 1 && number <= 10_000)) throw new S3Refusal(400, "InvalidArgument");
  if (headers["x-amz-copy-source"] === undefined) {
    const etag = md5(body);
    const crc32 = headers["x-amz-checksum-crc32"];
    // As AWS has it: the upload must have been begun with the checksum of its parts.
    if (crc32 !== undefined && checksum !== "CRC32") throw new S3Refusal(400, "InvalidRequest");
    parts.set(number, { bytes: body, etag, crc32 });
    return { status: 200, headers: { etag: `"${etag}"`, "x-amz-checksum-crc32": crc32 } };
  }
  const source = copySource(buckets, request).bytes;
  const range = readRange(headers["x-amz-copy-source-range"], source.length);
  const bytes = range ? source.subarray(range.start, range.end) : source;
  const etag = md5(bytes);
  parts.set(number, { bytes, etag });
  return xmlAnswer("CopyPartResult", {
    ETag: `"${etag}"`,
    LastModified: new Date().toISOString(),
  });
}

function complete(
  bucket: S3Bucket,
  uploadId: string,
  upload: OpenUpload,
  request: S3Request,
): S3Answer {
  checkCondition(bucket, request);
  const text = request.body.toString();
  const numbers = [...text.matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, number]) =>
    Number(number),
  );
  const etags = [...text.matchAll(/<ETag>(?:"|&quot;|&#34;)?([0-9a-f]+)/g)].map(([, etag]) => etag);
  const parts = numbers.map((number, index) => {
    const part = upload.parts.get(number);
    if (!part || part.etag !== etags[index]) throw new S3Refusal(400, "InvalidPart");
    // As AWS has it: checksums that came with parts are named again.
    if (part.crc32 !== undefined && !text.includes(`<ChecksumCRC32>${part.crc32}<`))
      throw new S3Refusal(400, "InvalidRequest");
    return part;
  });
  if (parts.length === 0) throw new S3Refusal(400, "MalformedXML");
  if (parts.slice(0, -1).some(({ bytes }) => bytes.length < LEAST_PART_BYTES))
    throw new S3Refusal(400, "EntityTooSmall");
  const hash = createHash("md5");
  for (const { etag } of parts) hash.update(Buffer.from(etag, "hex"));
  const bytes = Buffer.concat(parts.map((part) => part.bytes));
  const etag = `${hash.digest("hex")}-${parts.length}`;
  bucket.put(upload.key, bytes, upload.headers, etag);
  bucket.uploads.delete(uploadId);
  return xmlAnswer("CompleteMultipartUploadResult", { Key: upload.key, ETag: `"${etag}"` });
}
