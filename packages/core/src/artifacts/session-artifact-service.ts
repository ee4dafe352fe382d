import type { Part } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import { eitherSignal } from "../internal/either-signal.ts";
import type { Cancellable } from "../sessions/requests.ts";
import type { BaseArtifactService } from "./base-artifact-service.ts";
import type { ArtifactVersion, OpenArtifactResponse } from "./requests.ts";

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

/** The next version of a name in this session, its bytes as a stream. */
export interface SessionSaveArtifactStreamRequest extends Cancellable {
  filename: string;
  /** A `ReadableStream`, a Node stream, a generator. */
  body: AsyncIterable<Uint8Array>;
  /** @defaultValue `application/octet-stream` */
  mimeType?: string | undefined;
  displayName?: string | undefined;
  customMetadata?: Record<string, unknown> | undefined;
}

/** One version of a name in this session, or a range of its bytes. */
export interface SessionOpenArtifactRequest extends SessionLoadArtifactRequest, Cancellable {
  /** Bytes from `start` up to and without `end`. A range is not checked against the checksum. */
  range?: { start: number; end?: number | undefined } | undefined;
}

/** The artifacts of one session and of its user, as an agent sees them: `context.artifactService`. */
export interface SessionArtifactService {
  /** @returns the version, 0 for the first. */
  saveArtifact(request: SessionSaveArtifactRequest): Promise<number>;
  /** `undefined` when there is no such name or version. */
  loadArtifact(request: SessionLoadArtifactRequest): Promise<Part | undefined>;
  /** Saves bytes of any length without holding them. @throws AdkError `UNSUPPORTED` where the service has no streams. */
  saveArtifactStream(request: SessionSaveArtifactStreamRequest): Promise<number>;
  /** The bytes as a stream. `undefined` as in `loadArtifact`. @throws AdkError `UNSUPPORTED` where the service has no streams. */
  openArtifact(request: SessionOpenArtifactRequest): Promise<OpenArtifactResponse | undefined>;
  /** Names of the session's artifacts and (`user:…`) of the user's. */
  listArtifactKeys(): Promise<string[]>;
  /** Removes all versions. */
  deleteArtifact(filename: string): Promise<void>;
  listVersions(filename: string): Promise<number[]>;
  listArtifactVersions(filename: string): Promise<ArtifactVersion[]>;
  getArtifactVersion(request: SessionLoadArtifactRequest): Promise<ArtifactVersion | undefined>;
}

interface Scope {
  appName: string;
  userId: string;
  sessionId: string;
}

type StreamMethod = "saveArtifactStream" | "openArtifact";

/** What a scoped view needs of a service; one that was not made of `BaseArtifactService` may lack the streams. */
export type ArtifactServiceSource = Pick<
  BaseArtifactService,
  Exclude<keyof SessionArtifactService, StreamMethod>
> &
  Partial<Pick<BaseArtifactService, StreamMethod>>;

/**
 * A view of a service on one session.
 *
 * Its methods reject with `INVALID_ARGUMENT` a request that names another session, user or app.
 */
export function scopeArtifactService(
  service: ArtifactServiceSource,
  scope: Scope & { signal?: AbortSignal | undefined },
): SessionArtifactService {
  const { appName, userId, sessionId, signal } = scope;
  const key = { appName, userId, sessionId, signal };
  return {
    saveArtifact: async (request) => await service.saveArtifact(within(request, key)),
    loadArtifact: async (request) => await service.loadArtifact(within(request, key)),
    saveArtifactStream: async (request) =>
      await streaming(
        service,
        "saveArtifactStream",
      )({
        ...within(request, key),
        signal: eitherSignal(request.signal, signal),
      }),
    openArtifact: async (request) =>
      await streaming(
        service,
        "openArtifact",
      )({
        ...within(request, key),
        signal: eitherSignal(request.signal, signal),
      }),
    listArtifactKeys: () => service.listArtifactKeys(key),
    deleteArtifact: (filename) => service.deleteArtifact({ filename, ...key }),
    listVersions: (filename) => service.listVersions({ filename, ...key }),
    listArtifactVersions: (filename) => service.listArtifactVersions({ filename, ...key }),
    getArtifactVersion: async (request) => await service.getArtifactVersion(within(request, key)),
  };
}

/** @throws AdkError `UNSUPPORTED` */
function streaming<Name extends StreamMethod>(
  service: ArtifactServiceSource,
  name: Name,
): BaseArtifactService[Name] {
  const method = service[name];
  if (typeof method === "function") return method.bind(service) as BaseArtifactService[Name];
  throw new AdkError(
    "UNSUPPORTED",
    `This artifact service has no \`${name}\`: it cannot stream. Save and load whole parts, or give the runner a service made of \`BaseArtifactService\`.`,
    { details: { method: name } },
  );
}

/** @throws AdkError `INVALID_ARGUMENT` */
function within<Request extends object, Key extends Scope>(
  request: Request,
  key: Key,
): Request & Key {
  for (const name of ["appName", "userId", "sessionId"] as const) {
    const given = (request as Partial<Scope>)[name];
    if (given !== undefined && given !== key[name])
      throw new AdkError(
        "INVALID_ARGUMENT",
        `These are the artifacts of session ${key.sessionId} of user ${key.userId} in app ${key.appName}, and \`${name}\` is another one. Leave it out, or ask the artifact service that the runner was given.`,
        { details: { option: name } },
      );
  }
  return { ...request, ...key };
}
