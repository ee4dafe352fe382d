import type { IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";

/** A request as it came, with its body. */
export interface S3Request {
  readonly method: string;
  /** As it was sent, percent-encoded. */
  readonly rawPath: string;
  readonly bucket: string;
  /** Empty: the bucket itself. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export async function readRequest(incoming: IncomingMessage): Promise<S3Request> {
  const url = incoming.url ?? "/";
  const [rawPath = "/", search = ""] = url.split("?", 2);
  const [, bucket = "", ...key] = rawPath.split("/").map(decodeURIComponent);
  return {
    method: incoming.method ?? "GET",
    rawPath,
    bucket,
    key: key.join("/"),
    query: new URLSearchParams(search.replaceAll("+", "%2B")),
    headers: incoming.headers as Record<string, string | undefined>,
    body: await buffer(incoming),
  };
}
