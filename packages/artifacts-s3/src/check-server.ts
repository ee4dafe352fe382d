import { randomUUID } from "node:crypto";
import { AdkError, type ArtifactStoreReport } from "@adk/core";
import { buffer } from "node:stream/consumers";
import type { BucketRequests } from "./bucket-requests.ts";
import { isRefused } from "./errors.ts";
import type { Keys } from "./keys.ts";
import { cannotListVersions, mayKeepOldVersions } from "./old-versions.ts";

type Problem = ArtifactStoreReport["problems"][number];

const FIRST = new TextEncoder().encode("the first of two");
const SECOND = new TextEncoder().encode("the second");
const METADATA = { "adk-record": "kept" };

const misconfigured = (message: string): Problem => ({ code: "MISCONFIGURED", message });
const REFUSES_CONDITIONS = misconfigured(
  "The server refused a PUT with `If-None-Match: *` where no object was. Use another server.",
);
const REFUSES_MATCHES = misconfigured(
  "The server refused a PUT with `If-Match` where the object was the one it named. Use another server.",
);
const IGNORES_MATCHES = misconfigured(
  "The server ignores conditions: a PUT with `If-Match` wrote over another object than the one it named, so a version could be lost. Use another server.",
);
const LOSES_PARTS = misconfigured(
  "The server does not give back ranges or metadata as they were written. Use another server.",
);
const LISTS_LATE = misconfigured(
  "The server lists no object that was just written. Use one that does at once.",
);
const IGNORES_CONDITIONS = misconfigured(
  'The server ignores conditions: a PUT with `If-None-Match: *` wrote over an object, so two savers would lose a version. Use another server, or with Google\'s `conditional: "gcs"`.',
);

/**
 * Tries what versions are built on, with an object of its own that is removed again. What it finds is reported, also which
 * right is missing; thrown is what keeps it from looking: no answer, no such bucket, credentials that are not accepted.
 */
export async function checkServer(
  bucket: BucketRequests,
  keys: Keys,
  signal?: AbortSignal,
): Promise<ArtifactStoreReport> {
  const key = keys.probe(randomUUID());
  const problems: Problem[] = [];
  /** @returns whether it could be tried. */
  const tried = async (
    action: string,
    look: () => Promise<readonly Problem[]>,
  ): Promise<boolean> => {
    try {
      problems.push(...(await look()));
      return true;
    } catch (error) {
      if (!isFinding(error)) throw error;
      const which = isRefused(error) ? `${action} is refused. ` : "";
      problems.push({ code: error.code, message: which + error.message });
      return false;
    }
  };
  let isWritten = false;
  try {
    isWritten = await tried("s3:PutObject", () => tryConditions(bucket, key, signal));
    if (isWritten && problems.length === 0)
      await tried("s3:GetObject", () => tryRead(bucket, key, signal));
    if (isWritten && problems.length === 0)
      await tried("s3:PutObject", () => tryPutOver(bucket, key, signal));
    await tried("s3:ListBucket", () => tryList(bucket, key, isWritten, signal));
  } finally {
    if (isWritten) await tried("s3:DeleteObject", () => removeProbe(bucket, key));
  }
  await tried("s3:DeleteObjectVersion", () => checkVersioning(bucket, key, signal));
  return { problems };
}

async function tryConditions(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<Problem[]> {
  const first = await bucket.putIfAbsent({ key, body: FIRST, metadata: METADATA, signal });
  const second = await bucket.putIfAbsent({ key, body: SECOND, signal });
  return [
    ...(first === "stored" ? [] : [REFUSES_CONDITIONS]),
    ...(second === "stored" ? [IGNORES_CONDITIONS] : []),
  ];
}

async function tryRead(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<Problem[]> {
  const found = await bucket.get(key, { start: 4, end: 9 }, signal);
  const read = found && (await buffer(found.body)).toString();
  if (found?.head.size !== FIRST.length) return [IGNORES_CONDITIONS];
  if (read !== "first" || found.head.metadata["adk-record"] !== "kept") return [LOSES_PARTS];
  return [];
}

/** Google's interface has no such condition. */
async function tryPutOver(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<Problem[]> {
  const first = await bucket.head(key, signal);
  if (!first || bucket.conditional === "gcs") return [];
  const second = await bucket.putOver(first, { key, body: SECOND, signal });
  // The first one is not there any more.
  const third = second && (await bucket.putOver(first, { key, body: FIRST, signal }));
  return [...(second ? [] : [REFUSES_MATCHES]), ...(third ? [IGNORES_MATCHES] : [])];
}

async function tryList(
  bucket: BucketRequests,
  key: string,
  isWritten: boolean,
  signal?: AbortSignal,
): Promise<Problem[]> {
  const { objects } = await bucket.list({ prefix: key }, signal);
  return objects.length === 1 || !isWritten ? [] : [LISTS_LATE];
}

async function removeProbe(bucket: BucketRequests, key: string): Promise<Problem[]> {
  await bucket.remove({ key });
  return [];
}

/** Whether an error says something of the set-up, and more can be looked at. */
function isFinding(error: unknown): error is AdkError {
  if (!AdkError.isInstance(error) || error.retryable) return false;
  switch (error.code) {
    case "PERMISSION_DENIED":
      return isRefused(error);
    case "MISCONFIGURED":
      return error.details["status"] === 501 || error.details["driverCode"] === "NotImplemented";
    default:
      return error.code !== "ABORTED";
  }
}

/** Object versions that nobody may list cannot be erased. */
async function checkVersioning(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<Problem[]> {
  try {
    for await (const page of bucket.listVersions(key, signal))
      for (const version of page) await bucket.remove(version, signal);
    return [];
  } catch (error) {
    if (!cannotListVersions(error)) throw error;
    if (!(await mayKeepOldVersions(bucket, error, signal))) return [];
  }
  return [
    {
      code: "PERMISSION_DENIED",
      message:
        "The bucket may keep old object versions, and these credentials may not list them: erasure is refused. Grant s3:ListBucketVersions and s3:DeleteObjectVersion; without versioning s3:GetBucketVersioning is enough.",
    },
  ];
}
