import { AdkError } from "../errors.ts";
import { isArtifactReference, MAX_REFERENCES, resolveReference } from "./artifact-reference.ts";
import type { ArtifactKey, ArtifactStore, OpenCommand, OpenedArtifact } from "./artifact-store.ts";
import { isRemovedMarker } from "./part-codec.ts";
import type { ArtifactScopeRequest } from "./requests.ts";

/**
 * Opens the artifact that a key leads to, references followed; `undefined` also when it was removed. The key of what was
 * found comes with it.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` for a reference that leads out of the reader's scope, and for a circle.
 */
export async function openFollowed(
  store: ArtifactStore,
  key: ArtifactKey & { version?: number },
  reader: ArtifactScopeRequest,
  range?: OpenCommand["range"],
): Promise<{ key: ArtifactKey; artifact: OpenedArtifact } | undefined> {
  let current = key;
  for (let followed = 0; followed <= MAX_REFERENCES; followed++) {
    const command = range === undefined ? current : { ...current, range };
    const artifact = await store.open(command, reader.signal);
    if (!artifact) return undefined;
    const { fileUri } = artifact.metadata;
    const isReference = fileUri !== undefined && isArtifactReference(fileUri);
    if (!isReference && !isRemovedMarker(artifact.metadata)) return { key: current, artifact };
    await artifact[Symbol.asyncDispose]();
    if (!isReference) return undefined;
    current = resolveReference(fileUri, reader);
  }
  throw new AdkError(
    "INVALID_ARGUMENT",
    `The artifact is a chain of more than ${MAX_REFERENCES} references, or a circle. Refer to the file itself.`,
  );
}
