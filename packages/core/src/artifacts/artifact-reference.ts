import { AdkError } from "../errors.ts";
import { isUserName, toArtifactKey, toUserName } from "./artifact-name.ts";
import type { ArtifactKey } from "./artifact-store.ts";
import type { ArtifactScopeRequest } from "./requests.ts";

const SCHEME = "artifact://";
const FORM =
  /^artifact:\/\/apps\/([^/]+)\/users\/([^/]+)(?:\/sessions\/([^/]+))?\/artifacts\/([^/]+)\/versions\/(\d{1,15})$/;

/** How many references in a row are followed. */
export const MAX_REFERENCES = 10;

/** Whether a `fileData` names another artifact of this service instead of a file elsewhere. */
export function isArtifactReference(fileUri: string): boolean {
  return fileUri.startsWith(SCHEME);
}

/**
 * The artifact that a reference names.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` when it is malformed, or names another app or user, or the session of another
 * request than its own: a reference never widens what its reader may see.
 */
export function resolveReference(
  fileUri: string,
  reader: ArtifactScopeRequest,
): ArtifactKey & { version: number } {
  const found = parseReference(fileUri);
  const { key } = found;
  const isForeign =
    key.appName !== reader.appName ||
    key.userId !== reader.userId ||
    (key.sessionId !== undefined && key.sessionId !== reader.sessionId);
  if (isForeign)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The artifact reference leads out of its app, user or session. Save a copy there, or share it as `user:…`.",
    );
  return { ...key, version: found.version };
}

/** What a reference says, whoever reads it. */
export function parseReference(fileUri: string): { key: ArtifactKey; version: number } {
  const match = FORM.exec(fileUri);
  try {
    if (!match) throw new URIError();
    const [appName = "", userId = "", sessionId, filename = ""] = match
      .slice(1, 5)
      .map((segment: string | undefined) => segment && decodeURIComponent(segment));
    const version = Number(match[5]);
    // Without a session the name is the user's, whether it says so or not.
    const name = sessionId === undefined && !isUserName(filename) ? toUserName(filename) : filename;
    return { key: toArtifactKey({ appName, userId, sessionId, filename: name }), version };
  } catch (error) {
    throw new AdkError(
      "INVALID_ARGUMENT",
      "The artifact reference is malformed. Write artifact://apps/{app}/users/{user}[/sessions/{session}]/artifacts/{filename}/versions/{n}, each part percent-encoded.",
      { cause: error },
    );
  }
}

/** `{scheme}apps/{app}/users/{user}[/sessions/{session}]/artifacts/{filename}/versions/{n}`, parts percent-encoded. */
export function formatArtifactUri(scheme: string, key: ArtifactKey, version: number): string {
  const session = key.sessionId === undefined ? "" : `/sessions/${encode(key.sessionId)}`;
  const name = key.sessionId === undefined ? toUserName(key.filename) : key.filename;
  return `${scheme}apps/${encode(key.appName)}/users/${encode(key.userId)}${session}/artifacts/${encode(name)}/versions/${version}`;
}

/** A reference to one version, for a `fileData` part. */
export function formatReference(key: ArtifactKey, version: number): string {
  return formatArtifactUri(SCHEME, key, version);
}

/** The colon of `user:` may stand in a path as it is. */
function encode(segment: string): string {
  return encodeURIComponent(segment).replaceAll("%3A", ":");
}
