import { membersOf } from "../internal/check-options.ts";
import type { Cancellable } from "../sessions/requests.ts";
import type * as requests from "./requests.ts";

const signal = { signal: true } as const;
const user = { appName: true, userId: true, ...signal } as const;
const session = { ...user, sessionId: true } as const;
const name = { ...session, filename: true } as const;
const version = { ...name, version: true } as const;
const file = { mimeType: true, displayName: true, customMetadata: true } as const;

const named: ReadonlySet<string> = membersOf<requests.ArtifactNameRequest>(name);
const versioned: ReadonlySet<string> = membersOf<requests.LoadArtifactRequest>(version);

/** The methods of an artifact service that take a request. */
export type ArtifactRequestMethod =
  | "saveArtifact"
  | "saveArtifactStream"
  | "loadArtifact"
  | "openArtifact"
  | "listArtifactKeys"
  | "deleteArtifact"
  | "listVersions"
  | "listArtifactVersions"
  | "getArtifactVersion"
  | "deleteSessionArtifacts"
  | "deleteUserArtifacts"
  | "copySessionArtifacts"
  | "getArtifactUrl"
  | "createArtifactUpload"
  | "completeArtifactUpload"
  | "purgeOrphans"
  | "check";

/** What each method's request may have. Others are refused: a misspelt one would be ignored. */
export const ARTIFACT_REQUEST_MEMBERS: Readonly<
  Record<ArtifactRequestMethod, ReadonlySet<string>>
> = {
  saveArtifact: membersOf<requests.SaveArtifactRequest>({
    ...name,
    artifact: true,
    customMetadata: true,
  }),
  saveArtifactStream: membersOf<requests.SaveArtifactStreamRequest>({
    ...name,
    ...file,
    body: true,
  }),
  loadArtifact: versioned,
  openArtifact: membersOf<requests.OpenArtifactRequest>({ ...version, range: true }),
  listArtifactKeys: membersOf<requests.ListArtifactKeysRequest>(session),
  deleteArtifact: named,
  listVersions: named,
  listArtifactVersions: named,
  getArtifactVersion: versioned,
  deleteSessionArtifacts: membersOf<requests.DeleteSessionArtifactsRequest>(session),
  deleteUserArtifacts: membersOf<requests.DeleteUserArtifactsRequest>(user),
  copySessionArtifacts: membersOf<requests.CopySessionArtifactsRequest>({
    ...session,
    newSessionId: true,
    versions: true,
  }),
  getArtifactUrl: membersOf<requests.GetArtifactUrlRequest>({ ...version, expiresInMs: true }),
  createArtifactUpload: membersOf<requests.CreateArtifactUploadRequest>({
    ...name,
    mimeType: true,
    maxBytes: true,
    expiresInMs: true,
  }),
  completeArtifactUpload: membersOf<requests.CompleteArtifactUploadRequest>({
    ...name,
    ...file,
    uploadId: true,
    sha256: true,
    size: true,
  }),
  purgeOrphans: membersOf<requests.PurgeOrphansRequest>({ ...signal, olderThanMs: true }),
  check: membersOf<Cancellable>(signal),
};
