import type { Content, Event, InvocationContext, Part } from "@adk/core";

/** A file of a message that is an artifact now. */
export interface UploadedFile {
  readonly filename: string;
  readonly version: number;
}

/** What each saved version says of where it came from: so a message that is sent again finds its files. */
export interface Origin {
  readonly adkInvocationId: string;
  readonly adkPart: number;
}

/** The name that the file came with, or one made of the invocation and its place in the message. */
export function filenameOf(part: Part, invocationId: string, index: number): string {
  return part.inlineData?.displayName || `artifact_${invocationId}_${index}`;
}

/** What stands in the message in place of the file; models know it from ADK. */
export function placeholderOf(filename: string): string {
  return `[Uploaded Artifact: "${filename}"]`;
}

/** The version of the name that was saved for this part of this invocation's message; `undefined` when there is none. */
export async function findUploaded(
  { artifactService, invocationId }: InvocationContext,
  filename: string,
  index?: number,
): Promise<UploadedFile | undefined> {
  const versions = (await artifactService?.listArtifactVersions(filename)) ?? [];
  const found = versions.findLast(({ customMetadata }) => {
    const { adkInvocationId, adkPart } = (customMetadata ?? {}) as Partial<Origin>;
    return adkInvocationId === invocationId && (index === undefined || adkPart === index);
  });
  return found && { filename, version: found.version };
}

const PLACEHOLDER = /^\[Uploaded Artifact: "(.+)"\]$/s;

/** The names in the stored message of the invocation whose versions no event of it has noted. */
export function unnotedFiles(events: readonly Event[], invocationId: string): string[] {
  const own = events.filter((event) => event.invocationId === invocationId);
  const named = own
    .filter(({ author }) => author === "user")
    .flatMap(({ content }) => placeholdersIn(content));
  return [...new Set(named)].filter(
    (filename) => !own.some(({ actions }) => Object.hasOwn(actions.artifactDelta, filename)),
  );
}

function placeholdersIn(content: Content | undefined): string[] {
  return (content?.parts ?? []).flatMap(({ text }) => PLACEHOLDER.exec(text ?? "")?.[1] ?? []);
}
