import { randomUUID } from "node:crypto";
import type { ArtifactStoreReport } from "@adk/core";
import { buffer } from "node:stream/consumers";
import type { BucketRequests } from "./bucket-requests.ts";
import type { Keys } from "./keys.ts";
import { cannotListVersions, keepsOldVersions } from "./old-versions.ts";

type Problem = ArtifactStoreReport["problems"][number];

const FIRST = new TextEncoder().encode("the first of two");
const SECOND = new TextEncoder().encode("the second");
const METADATA = { "adk-record": "kept" };

const IGNORES_CONDITIONS: Problem = {
  code: "MISCONFIGURED",
  message:
    'The server ignores conditions: a PUT with `If-None-Match: *` wrote over an object, so two savers would lose a version. Use another server, or with Google\'s `conditional: "gcs"`.',
};

/** Tries what versions are built on, with an object of its own that is removed again. */
export async function checkServer(
  bucket: BucketRequests,
  keys: Keys,
  signal?: AbortSignal,
): Promise<ArtifactStoreReport> {
  const key = keys.probe(randomUUID());
  const problems: Problem[] = [];
  try {
    const first = { key, body: FIRST, metadata: METADATA, signal };
    if ((await bucket.putIfAbsent(first)) !== "stored")
      problems.push({
        code: "MISCONFIGURED",
        message:
          "The server refused a PUT with `If-None-Match: *` where no object was. Use another server.",
      });
    const outcome = await bucket.putIfAbsent({ key, body: SECOND, signal });
    const found = await bucket.get(key, { start: 4, end: 9 }, signal);
    const read = found && (await buffer(found.body)).toString();
    if (outcome === "stored" || found?.head.size !== FIRST.length)
      problems.push(IGNORES_CONDITIONS);
    else if (read !== "first" || found.head.metadata["adk-record"] !== "kept")
      problems.push({
        code: "MISCONFIGURED",
        message:
          "The server does not give back ranges or metadata as they were written. Use another server.",
      });
    const { objects } = await bucket.list({ prefix: key }, signal);
    if (objects.length !== 1)
      problems.push({
        code: "MISCONFIGURED",
        message: "The server lists no object that was just written. Use one that does at once.",
      });
  } finally {
    await bucket.remove({ key });
  }
  problems.push(...(await checkVersioning(bucket, key, signal)));
  return { problems };
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
  }
  if (!(await keepsOldVersions(bucket, signal))) return [];
  return [
    {
      code: "PERMISSION_DENIED",
      message:
        "The bucket keeps old object versions, and these credentials may not list them: erasure is incomplete. Grant s3:ListBucketVersions and s3:DeleteObjectVersion.",
    },
  ];
}
