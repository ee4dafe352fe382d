import {
  BaseArtifactService,
  createArtifactService,
  InMemoryArtifactStore,
  registerArtifactService,
  InMemoryArtifactService,
  scopeArtifactService,
} from "../../../src/index.ts";
import { describe } from "../../../src/internal/check-options.ts";
import {
  type Bad,
  IDS,
  NO_CLOCK,
  NO_COUNT,
  NO_FUNCTION,
  NO_POSITIVE,
  type Row,
  rowsOf,
  SIGNAL,
  type Table,
  UNFIT,
  UNKNOWN,
} from "../rows.ts";
import { KEY } from "../world.ts";

/** Ids of a request; an absent session means the user's artifacts. */
const SCOPE: Table = { appName: IDS, userId: IDS, sessionId: IDS, signal: SIGNAL, ...UNKNOWN };
const NAMES: readonly Bad[] = [
  ...IDS.map(([given, value]): Bad => [
    given,
    value,
    typeof value === "string" && value.length > 200 ? { code: "ARTIFACT_NAME_INVALID" } : {},
  ]),
  ["nothing after user:", "user:"],
  ["nothing", undefined],
];
const NAMED: Table = { ...SCOPE, filename: NAMES };
const ARTIFACT: readonly Bad[] = [
  ["a text", "x", { says: "An artifact is one of" }],
  ["null", null, { says: "An artifact is one of" }],
  ["no member", {}, { says: "An artifact is one of" }],
  ["two members", { text: "a", fileData: { fileUri: "b" } }, { says: "as two artifacts" }],
  ["a number as text", { text: 5 }, { says: "`text`" }],
  ["a lone surrogate", { text: "\ud800" }, { says: "`text`" }],
  ["data that is no base64", { inlineData: { data: "%" } }, { says: "`inlineData.data`" }],
  ["a file without URI", { fileData: {} }, { says: "`fileData.fileUri`" }],
];
const METADATA: readonly Bad[] = [
  ["a text", "x"],
  ["a list", []],
  ["3,000 bytes", { a: "x".repeat(3_000) }, { code: "METADATA_TOO_LARGE" }],
  ...UNFIT,
];
const MIME_TYPE: readonly Bad[] = [
  ["a number", 5],
  ["256 characters", "x".repeat(256)],
  ["a line break", "text/plain\n"],
];
const DISPLAY_NAME: readonly Bad[] = [
  ["a number", 5],
  ["a lone surrogate", "\ud800"],
  ["3,000 bytes", "x".repeat(3_000), { code: "METADATA_TOO_LARGE" }],
];

const RANGE: readonly Bad[] = [
  ["a text", "0-5", { says: "`range.start`" }],
  ["a negative start", { start: -1 }, { says: "`range.start`" }],
  ["an end before the start", { start: 3, end: 1 }, { says: "`range.end`" }],
];
const NO_STREAM: readonly Bad[] = [
  ["a text", "x"],
  ["nothing", undefined],
  [
    "a stream of texts",
    {
      async *[Symbol.asyncIterator]() {
        yield "x";
      },
    },
    { says: "Encode text first" },
  ],
];

function named(): { appName: string; userId: string; sessionId: string; filename: string } {
  return { ...KEY, filename: "a.txt" };
}

function scope(): { appName: string; userId: string; sessionId: string } {
  return { ...KEY };
}

/** A member that another request has. */
const NOT_KNOWN = { says: "has no option" } as const;

async function* body(): AsyncGenerator<Uint8Array> {
  yield new Uint8Array([1]);
}

/** Of artifact services: how they are made, and every member of every request. */
export const artifactRows: readonly Row[] = [
  ...rowsOf(
    "BaseArtifactServiceOptions",
    {
      maxBytes: NO_POSITIVE,
      maxMetadataBytes: NO_COUNT,
      maxAttempts: NO_POSITIVE,
      clock: NO_CLOCK,
      newId: NO_FUNCTION,
      ...UNKNOWN,
    },
    () => ({}),
    (_, options) => new BaseArtifactService(new InMemoryArtifactStore(), options as never),
  ),
  ...[undefined, null, {}, "file:x", new InMemoryArtifactService()].map((store): Row => ({
    option: "BaseArtifactService.store",
    given: describe(store),
    code: "INVALID_ARGUMENT",
    says: "An artifact service needs a store as its first argument, got ",
    use: () => new BaseArtifactService(store as never),
  })),
  ...rowsOf(
    "CreateArtifactServiceOptions",
    {
      from: [["no path and no URL", "x", { code: "MISCONFIGURED", says: "npm install" }]],
      load: [
        ["a text", "x"],
        ["a package that is none", async () => ({}), { code: "MISCONFIGURED", says: "Update it" }],
      ],
    },
    () => ({}),
    async (_, options) => await createArtifactService("s3://bucket", options as never),
  ),
  ...rowsOf(
    "createArtifactService",
    {
      uri: ["x", "ftp:x", 5].map((value): Bad => [
        JSON.stringify(value),
        value,
        { says: "Use one of " },
      ]),
    },
    () => ({ uri: "" }),
    async (_, { uri }) => await createArtifactService(uri),
  ),
  ...rowsOf(
    "registerArtifactService",
    {
      scheme: ["db:", "DB", 5].map((value): Bad => [
        JSON.stringify(value),
        value,
        { says: "scheme" },
      ]),
      factory: NO_FUNCTION,
    },
    () => ({ scheme: "bad-input-test", factory: () => new InMemoryArtifactService() }),
    (_, { scheme, factory }) => registerArtifactService(scheme, factory),
  ),
  ...rowsOf("ArtifactScopeRequest", SCOPE, scope, (world, request) =>
    world.artifacts.listArtifactKeys(request),
  ),
  ...rowsOf("ListArtifactKeysRequest", SCOPE, scope, (world, request) =>
    world.artifacts.listArtifactKeys(request),
  ),
  ...rowsOf("ArtifactNameRequest", NAMED, named, (world, request) =>
    world.artifacts.listArtifactVersions(request),
  ),
  ...rowsOf("ListVersionsRequest", NAMED, named, (world, request) =>
    world.artifacts.listVersions(request),
  ),
  ...rowsOf("DeleteArtifactRequest", NAMED, named, (world, request) =>
    world.artifacts.deleteArtifact(request),
  ),
  ...rowsOf("LoadArtifactRequest", { ...NAMED, version: NO_COUNT }, named, (world, request) =>
    world.artifacts.loadArtifact(request),
  ),
  ...rowsOf(
    "OpenArtifactRequest",
    {
      ...NAMED,
      version: NO_COUNT,
      range: RANGE,
    },
    named,
    (world, request) => world.artifacts.openArtifact(request),
  ),
  ...rowsOf(
    "SaveArtifactRequest",
    { ...NAMED, artifact: ARTIFACT, customMetadata: METADATA },
    () => ({ ...named(), artifact: { text: "x" } }),
    (world, request) => world.artifacts.saveArtifact(request),
  ),
  ...rowsOf(
    "SaveArtifactStreamRequest",
    {
      ...NAMED,
      body: NO_STREAM,
      mimeType: MIME_TYPE,
      displayName: DISPLAY_NAME,
      customMetadata: METADATA,
    },
    () => ({ ...named(), body: body() }),
    (world, request) => world.artifacts.saveArtifactStream(request),
  ),
  ...rowsOf(
    "GetArtifactUrlRequest",
    { ...NAMED, version: NO_COUNT, expiresInMs: NO_POSITIVE },
    named,
    (world, request) => world.artifacts.getArtifactUrl(request),
  ),
  ...rowsOf(
    "CreateArtifactUploadRequest",
    { ...NAMED, mimeType: MIME_TYPE, maxBytes: NO_POSITIVE, expiresInMs: NO_POSITIVE },
    named,
    (world, request) => world.artifacts.createArtifactUpload(request),
  ),
  ...rowsOf(
    "CompleteArtifactUploadRequest",
    {
      ...NAMED,
      uploadId: IDS,
      mimeType: MIME_TYPE,
      displayName: DISPLAY_NAME,
      customMetadata: METADATA,
      sha256: [
        ["a number", 5],
        ["no hex", "xyz"],
      ],
      size: NO_COUNT,
    },
    () => ({ ...named(), uploadId: "u1" }),
    (world, request) => world.artifacts.completeArtifactUpload(request),
  ),
  ...rowsOf(
    "DeleteSessionArtifactsRequest",
    { ...SCOPE, filename: [["that of one artifact", "a.txt", NOT_KNOWN]] },
    scope,
    (world, request) => world.artifacts.deleteSessionArtifacts(request),
  ),
  ...rowsOf(
    "DeleteUserArtifactsRequest",
    {
      appName: IDS,
      userId: IDS,
      signal: SIGNAL,
      sessionId: [["that of one session", "s1", NOT_KNOWN]],
      ...UNKNOWN,
    },
    () => ({ appName: KEY.appName, userId: KEY.userId }),
    (world, request) => world.artifacts.deleteUserArtifacts(request),
  ),
  ...rowsOf(
    "CopySessionArtifactsRequest",
    {
      ...SCOPE,
      newSessionId: IDS,
      versions: [
        ["a text", "all", { says: "`filename`" }],
        ["a list of texts", ["a.txt"], { says: "`filename`" }],
        ["a version that is no number", [{ filename: "a.txt", version: "0" }], { says: "version" }],
      ],
    },
    () => ({ ...scope(), newSessionId: "s2" }),
    (world, request) => world.artifacts.copySessionArtifacts(request),
  ),
  ...rowsOf(
    "PurgeOrphansRequest",
    { olderThanMs: NO_COUNT, signal: SIGNAL, ...UNKNOWN },
    () => ({}),
    (world, request) => world.artifacts.purgeOrphans(request),
  ),
  ...rowsOf(
    "SessionLoadArtifactRequest",
    { filename: NAMES, version: NO_COUNT, ...UNKNOWN },
    named,
    (world, request) => scopeArtifactService(world.artifacts, KEY).loadArtifact(request),
  ),
  ...rowsOf(
    "SessionSaveArtifactRequest",
    { filename: NAMES, artifact: ARTIFACT, customMetadata: METADATA, ...UNKNOWN },
    () => ({ ...named(), artifact: { text: "x" } }),
    (world, request) => scopeArtifactService(world.artifacts, KEY).saveArtifact(request),
  ),
  ...rowsOf(
    "SessionOpenArtifactRequest",
    { filename: NAMES, version: NO_COUNT, range: RANGE, signal: SIGNAL, ...UNKNOWN },
    named,
    (world, request) => scopeArtifactService(world.artifacts, KEY).openArtifact(request),
  ),
  ...rowsOf(
    "SessionSaveArtifactStreamRequest",
    {
      filename: NAMES,
      body: NO_STREAM,
      mimeType: MIME_TYPE,
      displayName: DISPLAY_NAME,
      customMetadata: METADATA,
      signal: SIGNAL,
      ...UNKNOWN,
    },
    () => ({ ...named(), body: body() }),
    (world, request) => scopeArtifactService(world.artifacts, KEY).saveArtifactStream(request),
  ),
];
