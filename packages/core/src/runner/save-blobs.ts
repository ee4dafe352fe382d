import type { Content, Part } from "../content/content.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import type { RunConfig } from "../context/run-config.ts";
import { AdkError } from "../errors.ts";
import { setOwn } from "../internal/json.ts";

/** A message whose files are artifacts now. */
export interface SavedBlobs {
  readonly message: Content;
  readonly artifactDelta: Record<string, number>;
}

/** The message as it is stored: with a text in the place of each file, where files become artifacts. */
export function storedForm(
  message: Content,
  invocationId: string,
  { saveInputBlobsAsArtifacts }: Pick<RunConfig, "saveInputBlobsAsArtifacts">,
): Content {
  return saveInputBlobsAsArtifacts ? withoutBlobs(message, invocationId) : message;
}

function withoutBlobs(message: Content, invocationId: string): Content {
  const parts = (message.parts ?? []).map((part, index): Part =>
    part.inlineData
      ? {
          text: `Uploaded file: ${nameOf(part, invocationId, index)}. It is saved into artifacts`,
        }
      : part,
  );
  return { ...message, parts };
}

/**
 * Saves the files of a message as artifacts of the session.
 *
 * @throws AdkError `FAILED_PRECONDITION` without an artifact service; what the service throws.
 */
export async function saveBlobs(context: InvocationContext, message: Content): Promise<SavedBlobs> {
  const artifactDelta: Record<string, number> = {};
  for (const [index, part] of (message.parts ?? []).entries()) {
    if (!part.inlineData) continue;
    const service = context.artifactService;
    if (service === undefined)
      throw new AdkError(
        "FAILED_PRECONDITION",
        "`saveInputBlobsAsArtifacts` needs an `artifactService`. Give the runner one.",
      );
    const filename = nameOf(part, context.invocationId, index);
    setOwn(artifactDelta, filename, await service.saveArtifact({ filename, artifact: part }));
  }
  return { message: withoutBlobs(message, context.invocationId), artifactDelta };
}

function nameOf(part: Part, invocationId: string, index: number): string {
  return part.inlineData?.displayName || `artifact_${invocationId}_${index}`;
}
