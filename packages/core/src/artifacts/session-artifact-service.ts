import type { Part } from "../content/content.ts";
import type { BaseArtifactService } from "./base-artifact-service.ts";
import type { ArtifactVersion } from "./requests.ts";

/** The next version of a name in this session; `user:` in front makes it the user's. */
export interface SessionSaveArtifactRequest {
  filename: string;
  artifact: Part;
  customMetadata?: Record<string, unknown> | undefined;
}

/** One version of a name in this session. */
export interface SessionLoadArtifactRequest {
  filename: string;
  /** The latest when absent. */
  version?: number | undefined;
}

/** The artifacts of one session and of its user, as an agent sees them: `context.artifactService`. */
export interface SessionArtifactService {
  /** @returns the version, 0 for the first. */
  saveArtifact(request: SessionSaveArtifactRequest): Promise<number>;
  /** `undefined` when there is no such name or version. */
  loadArtifact(request: SessionLoadArtifactRequest): Promise<Part | undefined>;
  /** Names of the session's artifacts and (`user:…`) of the user's. */
  listArtifactKeys(): Promise<string[]>;
  /** Removes all versions. */
  deleteArtifact(filename: string): Promise<void>;
  listVersions(filename: string): Promise<number[]>;
  listArtifactVersions(filename: string): Promise<ArtifactVersion[]>;
  getArtifactVersion(request: SessionLoadArtifactRequest): Promise<ArtifactVersion | undefined>;
}

/** What a scoped view needs of a service. */
export type ArtifactServiceSource = Pick<BaseArtifactService, keyof SessionArtifactService>;

/** A view of a service on one session. */
export function scopeArtifactService(
  service: ArtifactServiceSource,
  scope: { appName: string; userId: string; sessionId: string; signal?: AbortSignal | undefined },
): SessionArtifactService {
  const { appName, userId, sessionId, signal } = scope;
  const key = { appName, userId, sessionId, signal };
  return {
    saveArtifact: (request) => service.saveArtifact({ ...request, ...key }),
    loadArtifact: (request) => service.loadArtifact({ ...request, ...key }),
    listArtifactKeys: () => service.listArtifactKeys(key),
    deleteArtifact: (filename) => service.deleteArtifact({ filename, ...key }),
    listVersions: (filename) => service.listVersions({ filename, ...key }),
    listArtifactVersions: (filename) => service.listArtifactVersions({ filename, ...key }),
    getArtifactVersion: (request) => service.getArtifactVersion({ ...request, ...key }),
  };
}
