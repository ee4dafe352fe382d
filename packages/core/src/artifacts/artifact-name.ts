import { AdkError } from "../errors.ts";
import { checkId } from "../internal/check-id.ts";
import { idProblem, isTooLong } from "../internal/id-problem.ts";
import type { ArtifactKey, ArtifactScope } from "./artifact-store.ts";
import { checkWholeNumber } from "./check-whole-number.ts";
import type { ArtifactNameRequest, ArtifactScopeRequest, LoadArtifactRequest } from "./requests.ts";

const USER_PREFIX = "user:";

/** Whether the name belongs to the user and not to one session. */
export function isUserName(filename: string): boolean {
  return filename.startsWith(USER_PREFIX);
}

/** A name as callers see it, from one as the store keeps it. */
export function toUserName(filename: string): string {
  return USER_PREFIX + filename;
}

/**
 * The store's key of a request's artifact.
 *
 * @throws {@link AdkError} `INVALID_ARGUMENT` for ids or a name that are none, or a missing session; `ARTIFACT_NAME_INVALID`
 * for a name that is too long.
 */
export function toArtifactKey(request: ArtifactNameRequest): ArtifactKey {
  const { appName, userId, sessionId, filename } = request;
  checkArtifactScope(request);
  const isUsers = typeof filename === "string" && isUserName(filename);
  const name = isUsers ? filename.slice(USER_PREFIX.length) : filename;
  const problem = idProblem(name);
  if (problem !== undefined)
    throw new AdkError(
      typeof name === "string" && isTooLong(name) ? "ARTIFACT_NAME_INVALID" : "INVALID_ARGUMENT",
      `The artifact's \`filename\`${isUsers ? " after `user:`" : ""} ${problem}. Give it 1 to 512 bytes of text without NUL.`,
    );
  if (isUsers) return { appName, userId, filename: name };
  if (sessionId === undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "An artifact without the `user:` prefix belongs to a session. Give its `sessionId`, or save it as `user:…`.",
    );
  return { appName, userId, sessionId, filename: name };
}

/** The key and the version of a request; the latest when it names none. */
export function toVersionKey(request: LoadArtifactRequest): ArtifactKey & { version?: number } {
  const key = toArtifactKey(request);
  const { version } = request;
  return version === undefined ? key : { ...key, version: checkWholeNumber("version", version) };
}

/** The checked scope of a request. */
export function checkArtifactScope(request: ArtifactScopeRequest): ArtifactScope {
  const { appName, userId, sessionId } = request;
  checkId("appName", appName);
  checkId("userId", userId);
  if (sessionId === undefined) return { appName, userId };
  checkId("sessionId", sessionId);
  return { appName, userId, sessionId };
}
