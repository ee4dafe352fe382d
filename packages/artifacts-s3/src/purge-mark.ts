import { AdkError } from "@adk/core";
import type { BucketRequests } from "./bucket-requests.ts";

/** No segment of an id has this: behind `!` come two upper-case digits, or an `h`. */
const MARK = "!purge-";

/**
 * An empty object beside a blob says that a purge is about to remove it; each purge has its own. The purge puts it there, then
 * reads which versions there are; whoever publishes the blob writes the version, then looks for marks. So one of both sees the
 * other, at whatever moment they meet: the purge leaves the blob, or the version is taken back.
 */
export function markOf(blob: string, purgeId: string): string {
  return blob + MARK + purgeId;
}

export function isMark(key: string): boolean {
  return key.includes(MARK);
}

/** What becomes of the blob that a version names, which was written before this is asked: only `kept` is sure to stay. */
export async function fateOf(
  bucket: BucketRequests,
  blob: string,
  signal?: AbortSignal,
): Promise<"kept" | "marked" | "gone"> {
  // In this order: a purge takes its marks away when it has removed what they stood for.
  const { objects } = await bucket.list({ prefix: markOf(blob, ""), maxKeys: 1 }, signal);
  if (objects.length > 0) return "marked";
  return (await bucket.head(blob, signal)) ? "kept" : "gone";
}

/** What a repeated command ends with whose version is there, and its bytes perhaps not for long. */
export function beingPurged(bucket: BucketRequests): AdkError {
  return new AdkError(
    "UNAVAILABLE",
    "A purge is just looking at these bytes: they are too young for its `olderThanMs`. Repeat the call a moment later.",
    { retryable: true, details: { bucket: bucket.name, committed: "unknown" } },
  );
}
