import { AdkError } from "../errors.ts";
import { createSha256 } from "../internal/sha256.ts";
import type { OpenedArtifact } from "./artifact-store.ts";

/**
 * The whole body of a version, checked against its size and checksum before its end is signalled.
 *
 * @throws {@link AdkError} `ARTIFACT_CORRUPT` (while it is read) when the bytes are not those that were saved.
 */
export async function* verifiedBody(
  artifact: OpenedArtifact,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { size: expected, sha256 } = artifact.metadata;
  const hash = createSha256();
  let size = 0;
  for await (const chunk of artifact.body) {
    size += chunk.length;
    if (size > expected) throw corrupt(artifact, `has more than ${expected} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (size < expected) throw corrupt(artifact, `has ${size} bytes instead of ${expected}`);
  if (hash.digest() !== sha256) throw corrupt(artifact, "does not have its checksum");
}

function corrupt({ version, canonicalUri }: OpenedArtifact, what: string): AdkError {
  return new AdkError(
    "ARTIFACT_CORRUPT",
    `Version ${version} of the artifact ${what}: the bytes are not those that were saved. Restore them from a backup, or load an older version.`,
    { details: { version, canonicalUri } },
  );
}
