import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";

/** What is sent back. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: Uint8Array | string | undefined;
}

/** Values of an XML element: a list repeats it. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { [name: string]: Xml };

export function xmlAnswer(root: string, value: Xml): S3Answer {
  return {
    status: 200,
    headers: { "content-type": "application/xml" },
    body: `<?xml version="1.0" encoding="UTF-8"?>${element(root, value)}`,
  };
}

export function refusalAnswer(status: number, code: string, isHead: boolean): S3Answer {
  if (isHead || status === 304) return { status };
  return { ...xmlAnswer("Error", { Code: code, Message: code }), status };
}

/** @param limit sends only so many bytes of the body, though it says that there are all. */
export function send(response: ServerResponse, answer: S3Answer, limit?: number): void {
  const { status, headers = {}, body = "" } = answer;
  response.statusCode = status;
  response.setHeader("x-amz-request-id", randomUUID());
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) response.setHeader(name, value);
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  if (!response.hasHeader("content-length")) response.setHeader("content-length", bytes.length);
  if (limit === undefined) response.end(response.req.method === "HEAD" ? undefined : bytes);
  else response.write(bytes.subarray(0, limit));
}

function element(name: string, value: Xml): string {
  if (value === undefined) return "";
  if (Array.isArray(value)) return value.map((item: Xml) => element(name, item)).join("");
  const inner =
    typeof value === "object"
      ? Object.entries(value)
          .map(([child, childValue]) => element(child, childValue as Xml))
          .join("")
      : escapeXml(String(value));
  return `<${name}>${inner}</${name}>`;
}

function escapeXml(text: string): string {
  return text.replace(
    /[&<>"\r]|[^\t\n\x20-\uffff]/g,
    (character) => `&#${character.codePointAt(0)};`,
  );
}
