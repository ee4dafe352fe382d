import { AdkError, type ArtifactKey, type StoredVersion } from "@adk/core";
import { buffer } from "node:stream/consumers";
import type { BucketRequests, ObjectHead } from "./bucket-requests.ts";
import type { Keys, Position } from "./keys.ts";
import {
  isRecordObject,
  isWithdrawn,
  parseRecord,
  readHeaders,
  type VersionRecord,
  WITHDRAWN,
} from "./record.ts";
import { isRefused } from "./errors.ts";

/** A version's object and what it says. */
export interface FoundVersion {
  readonly head: ObjectHead;
  readonly record: VersionRecord;
}

/** The version at a place, without its bytes; `undefined` when none is there, it was taken back, or the name was deleted there. */
export async function readVersion(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<FoundVersion | undefined> {
  const head = await bucket.head(key, signal);
  if (!head || head.size === 0 || isWithdrawn(head.metadata)) return undefined;
  const record = readHeaders(key, head.metadata);
  if (record) return { head, record };
  const found = await bucket.get(key, undefined, signal);
  return found && { head, record: await readRecordBody(bucket, key, found.body, signal) };
}

/** For what goes on beside a version that is not as it was written. */
export async function readUnlessCorrupt(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<FoundVersion | "corrupt" | undefined> {
  try {
    return await readVersion(bucket, key, signal);
  } catch (error) {
    if (AdkError.isInstance(error) && error.code === "ARTIFACT_CORRUPT") return "corrupt";
    throw error;
  }
}

/**
 * Takes back the version at a place, if it is the one that is meant. The place stays taken: others may know it, or stand
 * behind it. Nobody's version is written over that comes there meanwhile, as after an erasure of the session.
 */
export async function withdraw(
  bucket: BucketRequests,
  place: string,
  isMeant: (found: FoundVersion) => boolean,
): Promise<void> {
  const found = await readUnlessCorrupt(bucket, place);
  if (!found || found === "corrupt" || !isMeant(found)) return;
  const outcome = await bucket.putOver(found.head, { key: place, ...WITHDRAWN });
  const { versionId } = found.head;
  if (versionId === undefined) return;
  // Without an outcome somebody else's is there, or this one's answer was lost and the SDK has asked again.
  const there = outcome ? undefined : await bucket.head(place);
  const isDone = outcome !== undefined || (there !== undefined && isWithdrawn(there.metadata));
  const current = (outcome ?? there)?.versionId;
  // Where versioning was switched off both are called `null`: one has taken the other's place.
  if (!isDone || current === undefined || current === versionId) return;
  try {
    await bucket.remove({ key: place, versionId });
  } catch (error) {
    // Who may not remove old object versions keeps this one, as all the others.
    if (!AdkError.isInstance(error) || !isRefused(error)) throw error;
  }
}

/** The record that is an object's body. */
export async function readRecordBody(
  bucket: BucketRequests,
  key: string,
  body: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<VersionRecord> {
  try {
    return parseRecord(key, (await buffer(body)).toString());
  } catch (error) {
    throw await bucket.failure(error, key, false, signal);
  }
}

/** Where the bytes of a version are; `undefined` when it has none. */
export function bytesKey(
  keys: Keys,
  name: ArtifactKey,
  { head, record }: FoundVersion,
): string | undefined {
  if (record.blob !== undefined) return keys.blob(name, record.blob);
  return isRecordObject(head.metadata) ? undefined : head.key;
}

export function toStoredVersion(
  bucket: BucketRequests,
  { version }: Position,
  { head, record }: Pick<FoundVersion, "record"> & { head: Pick<ObjectHead, "key" | "modified"> },
): StoredVersion {
  return {
    version,
    createTime: head.modified,
    metadata: record.metadata,
    canonicalUri: `s3://${bucket.name}/${head.key}`,
  };
}

/** What a save of many bytes ends with when a deletion took them away before they were published. */
export function erasedMeanwhile(bucket: BucketRequests): AdkError {
  return new AdkError(
    "UNAVAILABLE",
    "What was saved was erased or purged before it was published; nothing is stored. Save it again.",
    { retryable: true, details: { bucket: bucket.name, committed: false } },
  );
}
