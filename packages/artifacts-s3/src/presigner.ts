import { AdkError } from "@adk/core";
import { GetObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import type { RequestContext } from "./request-context.ts";
import { addCondition, ifAbsent } from "./condition.ts";
import { TERMS_HEADER, termsMetadata, type UploadTerms } from "./upload-terms.ts";

/** What S3 allows: a week. */
const MOST_SECONDS = 604_800;

/** Of bytes whose type nobody said. */
export const DEFAULT_TYPE: string = "application/octet-stream";

/** What a client must send as it was signed, beside the condition. */
const SIGNED = [
  "content-type",
  TERMS_HEADER,
  "x-amz-server-side-encryption",
  "x-amz-server-side-encryption-aws-kms-key-id",
  "x-amz-server-side-encryption-bucket-key-enabled",
  "x-amz-storage-class",
  "x-amz-tagging",
  "x-amz-expected-bucket-owner",
];

/** The part of the SDK's presigner that is used; it is loaded when the first URL is asked for. */
interface Presigner {
  getSignedUrl(client: unknown, command: unknown, options: object): Promise<string>;
}

/** A URL that gives an object's bytes as a file of this type. */
export async function signDownload(
  context: RequestContext,
  file: { key: string; contentType: string | undefined; filename: string },
  expiresInMs: number,
): Promise<string> {
  const { getSignedUrl } = await load();
  const command = new GetObjectCommand({
    Bucket: context.bucket,
    Key: file.key,
    ResponseContentDisposition: contentDisposition(file.filename),
    ...(file.contentType !== undefined && { ResponseContentType: file.contentType }),
  });
  const expiresIn = toSeconds(expiresInMs);
  // Nothing is sent, but credentials are looked for.
  return await context.send({ key: file.key }, false, () =>
    getSignedUrl(context.client, command, { expiresIn }),
  );
}

/** A URL that takes an object once, and the headers that must be sent with it. */
export async function signUpload(
  context: RequestContext,
  { key, ...terms }: UploadTerms & { key: string },
  expiresInMs: number,
): Promise<{ url: string; headers: Record<string, string> }> {
  const { getSignedUrl } = await load();
  const command = new PutObjectCommand({
    ...context.at(key),
    ...context.options,
    ContentType: terms.mimeType ?? DEFAULT_TYPE,
    Metadata: termsMetadata(terms),
  });
  const condition = ifAbsent(context.conditional);
  addCondition(command, condition);
  const signed = new Set([...SIGNED, condition[0]]);
  const headers: Record<string, string> = {};
  command.middlewareStack.add(
    (next) => async (context) => {
      const request = context.request as { headers: Record<string, string> };
      for (const name of Object.keys(request.headers)) {
        // The SDK's checksum is that of no body.
        if (/^x-amz-(checksum-|sdk-checksum-)/.test(name)) delete request.headers[name];
        else if (signed.has(name)) headers[name] = request.headers[name]!;
      }
      return await next(context);
    },
    { step: "build", priority: "low", name: "adkSignedHeaders" },
  );
  const options = {
    expiresIn: toSeconds(expiresInMs),
    signableHeaders: new Set(["host", ...signed]),
    unhoistableHeaders: signed,
  };
  const url = await context.send({ key }, false, () =>
    getSignedUrl(context.client, command, options),
  );
  return { url, headers };
}

/** ASCII for the old, UTF-8 for all others (RFC 6266). */
export function contentDisposition(filename: string): string {
  const base = filename.slice(filename.lastIndexOf("/") + 1) || "file";
  const plain = base.replace(/[^\x20-\x7e]|["\\%]/g, "_");
  const encoded = encodeURIComponent(base).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

function toSeconds(expiresInMs: number): number {
  const seconds = Math.ceil(expiresInMs / 1_000);
  if (seconds <= MOST_SECONDS) return seconds;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `\`expiresInMs\` is ${expiresInMs}. S3 signs URLs for at most ${MOST_SECONDS * 1_000} ms: a week.`,
  );
}

async function load(): Promise<Presigner> {
  try {
    return (await import("@aws-sdk/s3-request-presigner")) as unknown as Presigner;
  } catch (error) {
    throw new AdkError(
      "UNSUPPORTED",
      "URLs need the SDK's presigner. Install it: `npm install @aws-sdk/s3-request-presigner`.",
      { cause: error },
    );
  }
}
