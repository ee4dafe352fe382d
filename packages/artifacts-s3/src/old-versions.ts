import { AdkError } from "@adk/core";
import type { BucketRequests } from "./bucket-requests.ts";
import { nameOf } from "./errors.ts";

/** Whether the server has no object versions, or the credentials may not list them. */
export function cannotListVersions(error: unknown): boolean {
  if (!AdkError.isInstance(error)) return false;
  return (
    hasNone(error) || (error.code === "PERMISSION_DENIED" && nameOf(error.cause) === "AccessDenied")
  );
}

/**
 * Whether a bucket may keep what is removed and written over.
 *
 * @param cause why its object versions could not be listed. Where the credentials may not ask for the bucket's versioning
 *   either, it may.
 */
export async function mayKeepOldVersions(
  bucket: BucketRequests,
  cause: unknown,
  signal?: AbortSignal,
): Promise<boolean> {
  if (hasNone(cause)) return false;
  try {
    return (await bucket.versioning(signal)) !== undefined;
  } catch (error) {
    if (cannotListVersions(error)) return !hasNone(error);
    throw error;
  }
}

/** Whether the server knows no object versions. */
function hasNone(error: unknown): boolean {
  if (!AdkError.isInstance(error)) return false;
  const { driverCode, status } = error.details;
  return status === 501 || status === 405 || driverCode === "NotImplemented";
}
