import { AdkError, checkOptions, type OptionCheck } from "@adk/core";
import type { S3Client } from "@aws-sdk/client-s3";

/** How objects are encrypted at rest; absent: as the bucket says. */
export interface S3Encryption {
  readonly type: "AES256" | "aws:kms" | "aws:kms:dsse";
  /** @defaultValue the account's own key */
  readonly kmsKeyId?: string | undefined;
  readonly bucketKeyEnabled?: boolean | undefined;
}

/** Options of the store. */
export interface S3ArtifactStoreOptions {
  /** An `S3Client` of `@aws-sdk/client-s3`. It stays yours. */
  readonly client: S3Client;
  readonly bucket: string;
  /** What all keys begin with, without the slash at its end. At most 128 bytes of letters, digits, `-`, `_`, `.`, `/`. @defaultValue none */
  readonly prefix?: string | undefined;
  /** The account that must own the bucket: 12 digits. Requests to another one's are refused. */
  readonly expectedBucketOwner?: string | undefined;
  readonly encryption?: S3Encryption | undefined;
  /** `STANDARD_IA`, `INTELLIGENT_TIERING` …, of versions and blobs. @defaultValue the bucket's */
  readonly storageClass?: string | undefined;
  /** Of versions and blobs, at most 10: for lifecycle rules and bills. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Bodies of more bytes are sent in parts of this size. From 5 MiB. @defaultValue 5,242,880 (5 MiB) */
  readonly partBytes?: number | undefined;
  /** How a PUT says "only if there is none": `If-None-Match: *`, or Google's `x-goog-if-generation-match: 0`. @defaultValue "s3" */
  readonly conditional?: "s3" | "gcs" | undefined;
}

export const MIN_PART_BYTES: number = 5 * 1_048_576;
const MAX_PART_BYTES = 512 * 1_048_576;
const MAX_TAGS = 10;

/** A row for every option. */
export const STORE_OPTIONS: Readonly<Record<keyof S3ArtifactStoreOptions, OptionCheck>> = {
  client: (value) =>
    typeof value === "object" && value !== null && "send" in value && "config" in value
      ? undefined
      : "an S3Client of @aws-sdk/client-s3",
  bucket: text(/^[^/\s]{1,2048}$/, "the name of a bucket"),
  prefix: text(
    /^(?=.{1,128}$)[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$|^$/,
    "up to 128 letters, digits, `-`, `_`, `.` and slashes between them: adk/artifacts",
  ),
  expectedBucketOwner: text(/^\d{12}$/, "an account's number of 12 digits"),
  encryption: checkEncryption,
  storageClass: text(/^[A-Z0-9_]{1,64}$/, "a storage class: STANDARD_IA"),
  tags: checkTags,
  partBytes: (value) =>
    Number.isSafeInteger(value) &&
    (value as number) >= MIN_PART_BYTES &&
    (value as number) <= MAX_PART_BYTES
      ? undefined
      : `a whole number from ${MIN_PART_BYTES} to ${MAX_PART_BYTES}`,
  conditional: (value) => (value === "s3" || value === "gcs" ? undefined : '"s3" or "gcs"'),
};

/** @throws {@link AdkError} `INVALID_ARGUMENT` */
export function checkRequired(owner: string, options: object): void {
  for (const name of ["client", "bucket"])
    if ((options as Record<string, unknown>)[name] === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `${owner} needs \`${name}\`. Pass { client: new S3Client({ region }), bucket: "files" }.`,
        { details: { option: name } },
      );
}

function text(form: RegExp, expected: string): OptionCheck {
  return (value) => (typeof value === "string" && form.test(value) ? undefined : expected);
}

function checkEncryption(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return "an object: { type: 'aws:kms' }";
  checkOptions("The option encryption", value, {
    type: text(/^(AES256|aws:kms|aws:kms:dsse)$/, "AES256, aws:kms or aws:kms:dsse"),
    kmsKeyId: "string",
    bucketKeyEnabled: "boolean",
  });
  return "type" in value ? undefined : "an object with a `type`: { type: 'aws:kms' }";
}

function checkTags(value: unknown): string | undefined {
  const tags = typeof value === "object" && value !== null ? Object.entries(value) : undefined;
  const isFit =
    tags !== undefined &&
    tags.length <= MAX_TAGS &&
    tags.every(([name, text]) => name !== "" && typeof text === "string");
  return isFit ? undefined : `up to ${MAX_TAGS} names with texts: { team: "search" }`;
}
