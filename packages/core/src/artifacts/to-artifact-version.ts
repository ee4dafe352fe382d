import { cloneJson } from "../internal/json.ts";
import type { StoredVersion } from "./artifact-store.ts";
import type { ArtifactVersion } from "./requests.ts";

/** What callers see of a stored version; it shares nothing with the store. */
export function toArtifactVersion(stored: StoredVersion): ArtifactVersion {
  const { version, canonicalUri, createTime, metadata } = stored;
  const { custom = {}, mimeType, displayName, size } = metadata;
  return {
    version,
    canonicalUri,
    customMetadata: cloneJson(custom),
    createTime,
    ...(mimeType !== undefined && { mimeType }),
    ...(displayName !== undefined && { displayName }),
    size,
  };
}
