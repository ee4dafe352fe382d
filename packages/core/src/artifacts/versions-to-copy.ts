import { isUserName, toArtifactKey } from "./artifact-name.ts";
import { formatReference, isArtifactReference, parseReference } from "./artifact-reference.ts";
import type { ArtifactMetadata, ArtifactStore, CopyCommand } from "./artifact-store.ts";
import { checkWholeNumber } from "./check-whole-number.ts";
import type { CopySessionArtifactsRequest } from "./requests.ts";

/** The versions that a copy of a session's artifacts takes along, references into the session turned to the copy. */
export async function versionsToCopy(
  store: ArtifactStore,
  request: CopySessionArtifactsRequest,
): Promise<CopyCommand["versions"]> {
  const { appName, userId, sessionId, signal } = request;
  const wanted = request.versions && groupByName(request);
  const names = wanted
    ? [...wanted.keys()]
    : await store.list({ appName, userId, sessionId }, signal);
  const result: CopyCommand["versions"] = [];
  for (const filename of names)
    for (const stored of await store.versions({ appName, userId, sessionId, filename }, signal)) {
      if (wanted && !wanted.get(filename)?.has(stored.version)) continue;
      const fileUri = turnedReference(stored.metadata, request);
      result.push({ filename, version: stored.version, ...(fileUri !== undefined && { fileUri }) });
    }
  return result;
}

/** What was asked for, by name; the user's own names are left out. */
function groupByName(request: CopySessionArtifactsRequest): Map<string, Set<number>> {
  const { appName, userId, sessionId, versions = [] } = request;
  const wanted = new Map<string, Set<number>>();
  for (const { filename, version } of versions) {
    toArtifactKey({ appName, userId, sessionId, filename });
    checkWholeNumber("versions[].version", version);
    if (isUserName(filename)) continue;
    const numbers = wanted.get(filename);
    if (numbers) numbers.add(version);
    else wanted.set(filename, new Set([version]));
  }
  return wanted;
}

function turnedReference(
  { fileUri }: ArtifactMetadata,
  { sessionId, newSessionId }: CopySessionArtifactsRequest,
): string | undefined {
  if (fileUri === undefined || !isArtifactReference(fileUri)) return undefined;
  const { key, version } = parseReference(fileUri);
  if (key.sessionId !== sessionId) return undefined;
  return formatReference({ ...key, sessionId: newSessionId }, version);
}
