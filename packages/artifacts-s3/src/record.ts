import { AdkError, type ArtifactMetadata } from "@adk/core";

/** What stands beside the bytes of a version. */
export interface VersionRecord {
  readonly metadata: ArtifactMetadata;
  /** The id of the blob that holds the bytes; absent: they are the version object's own, or there are none. */
  readonly blob?: string;
  /** Where the key holds only its hash. */
  readonly filename?: string;
}

/** Metadata of the object, in lower case as S3 gives it back. */
export const WRITE_ID = "adk-write";
const RECORD = "adk-record";
/** `body`: the object's body is the record, not the bytes. */
const FORM = "adk-form";

/** S3 takes 2,048 bytes of names and values. */
const MOST_IN_HEADERS = 1_800;

/** The headers of a version whose object holds its bytes; `undefined` when the record is too large for them. */
export function recordHeaders(
  writeId: string,
  record: VersionRecord,
): Record<string, string> | undefined {
  const encoded = Buffer.from(JSON.stringify(record)).toString("base64url");
  const headers = { [WRITE_ID]: encodeWriteId(writeId), [RECORD]: encoded };
  return encoded.length > MOST_IN_HEADERS ? undefined : headers;
}

/** A version whose bytes are elsewhere, or that has none: its object is the record. It is never empty. */
export function recordObject(
  writeId: string,
  record: VersionRecord,
): { body: Uint8Array; metadata: Record<string, string> } {
  return {
    body: Buffer.from(JSON.stringify(record)),
    metadata: {
      ...recordHeaders(writeId, record),
      [WRITE_ID]: encodeWriteId(writeId),
      [FORM]: "body",
    },
  };
}

/** What takes the place of a version that was taken back: the place stays taken, and is no deletion. */
export const WITHDRAWN: { readonly body: Uint8Array; readonly metadata: Record<string, string> } = {
  body: Buffer.from("withdrawn"),
  metadata: { [FORM]: "withdrawn" },
};

export function isWithdrawn(metadata: Readonly<Record<string, string>>): boolean {
  return metadata[FORM] === "withdrawn";
}

/** Ids are any text, headers are not. */
export function encodeWriteId(writeId: string): string {
  return Buffer.from(writeId).toString("base64url");
}

/** Whether the object's body is its record. */
export function isRecordObject(metadata: Readonly<Record<string, string>>): boolean {
  return metadata[FORM] === "body";
}

/** @returns `undefined` when the headers hold none: then the body does. */
export function readHeaders(
  key: string,
  metadata: Readonly<Record<string, string>>,
): VersionRecord | undefined {
  const encoded = metadata[RECORD];
  if (encoded !== undefined) return parseRecord(key, Buffer.from(encoded, "base64url").toString());
  if (isRecordObject(metadata)) return undefined;
  throw foreign(key);
}

/** @throws {@link AdkError} `ARTIFACT_CORRUPT` for what this package did not write. */
export function parseRecord(key: string, json: string): VersionRecord {
  let record: Partial<VersionRecord> | undefined;
  try {
    record = JSON.parse(json) as Partial<VersionRecord>;
  } catch {
    record = undefined;
  }
  const { metadata } = record ?? {};
  if (typeof metadata?.size === "number" && typeof metadata.sha256 === "string")
    return record as VersionRecord;
  throw foreign(key);
}

function foreign(key: string): AdkError {
  return new AdkError(
    "ARTIFACT_CORRUPT",
    `The object ${key} is not one that @adk/artifacts-s3 wrote. Restore it, or give the service a prefix of its own.`,
    { details: { key } },
  );
}
