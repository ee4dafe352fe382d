import { AdkError } from "@adk/core";
import type { BucketRequests } from "./bucket-requests.ts";
import { nameOf } from "./errors.ts";

/** Whether the server has no object versions, or the credentials may not list them. */
export function cannotListVersions(error: unknown): boolean {
  if (!AdkError.isInstance(error)) return false;
  const { driverCode, status } = error.details;
  return (
    status === 501 ||
    status === 405 ||
    driverCode === "NotImplemented" ||
    (error.code === "PERMISSION_DENIED" && nameOf(error.cause) === "AccessDenied")
  );
}

/** Whether a bucket keeps what is removed and written over. Not where the credentials may not ask, as far as one knows. */
export async function keepsOldVersions(
  bucket: BucketRequests,
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    return (await bucket.versioning(signal)) !== undefined;
  } catch (error) {
    if (cannotListVersions(error)) return false;
    throw error;
  }
}
