import {
  AdkError,
  BaseArtifactService,
  checkOptions,
  type BaseArtifactServiceOptions,
  type OptionCheck,
} from "@adk/core";
import { CONNECTION_OPTIONS, openClient, readUri, type S3ConnectionOptions } from "./connect.ts";
import { S3ArtifactStore } from "./s3-artifact-store.ts";
import { checkRequired, STORE_OPTIONS, type S3ArtifactStoreOptions } from "./store-options.ts";

/** Options of the service: its store's, and those of every artifact service. */
export interface S3ArtifactServiceOptions
  extends S3ArtifactStoreOptions, BaseArtifactServiceOptions {}

/** Options of {@link S3ArtifactService.connect}: the client is its own. */
export interface ConnectS3Options
  extends Omit<S3ArtifactServiceOptions, "client" | "bucket">, S3ConnectionOptions {}

/** What every artifact service checks by itself. */
const anything: OptionCheck = () => undefined;
const SERVICE_OPTIONS: Readonly<Record<keyof BaseArtifactServiceOptions, OptionCheck>> = {
  maxBytes: anything,
  maxMetadataBytes: anything,
  maxAttempts: anything,
  clock: anything,
  newId: anything,
};
const OPTIONS = { ...SERVICE_OPTIONS, ...STORE_OPTIONS };
const { client: _client, bucket: _bucket, ...WITHOUT_PLACE } = OPTIONS;
const CONNECT_OPTIONS = { ...WITHOUT_PLACE, ...CONNECTION_OPTIONS };
const BUCKET = { bucket: STORE_OPTIONS.bucket };

/** Artifacts in a bucket of S3, or of a server that speaks as it does. */
export class S3ArtifactService extends BaseArtifactService {
  #client: { destroy(): void } | undefined;

  /**
   * The client stays yours: closing the service does not close it.
   *
   * @throws {@link AdkError} `INVALID_ARGUMENT` for an option that there is not, or that cannot be used.
   */
  constructor(options: S3ArtifactServiceOptions) {
    checkOptions("S3ArtifactService", options, OPTIONS);
    checkRequired("S3ArtifactService", options);
    const store = pick(options, STORE_OPTIONS) as unknown as S3ArtifactStoreOptions;
    super(new S3ArtifactStore(store), pick(options, SERVICE_OPTIONS));
  }

  /**
   * A service with a client of its own, which its disposal closes. Nothing is sent before the first command: `check()` says
   * whether bucket and server are fit.
   *
   * @param uri `s3://bucket/prefix?region=eu-central-1`; also `endpoint`, `forcePathStyle`, `expectedBucketOwner`,
   *   `storageClass` and `conditional`. What it says wins over `options`.
   * @throws {@link AdkError} `INVALID_ARGUMENT` for a URI or an option that cannot be used.
   */
  static async connect(uri: string, options: ConnectS3Options = {}): Promise<S3ArtifactService> {
    const read = readUri(uri, CONNECT_OPTIONS);
    checkPlace(options);
    checkOptions("S3ArtifactService.connect", options, CONNECT_OPTIONS);
    const given: Record<string, unknown> = { ...options, ...read };
    checkOptions("S3ArtifactService.connect", given, { ...CONNECT_OPTIONS, ...BUCKET });
    const client = openClient(pick(given, CONNECTION_OPTIONS));
    const others = { ...pick(given, STORE_OPTIONS), ...pick(given, SERVICE_OPTIONS) };
    const service = new S3ArtifactService({ ...others, client } as S3ArtifactServiceOptions);
    service.#client = client;
    return service;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await super[Symbol.asyncDispose]();
    client?.destroy();
  }
}

/** What `createArtifactService` of core calls: the service that a URI names. */
export async function artifactServiceFromUri(uri: string): Promise<BaseArtifactService> {
  return await S3ArtifactService.connect(uri);
}

/** What names the place stands in the URI: beside it, it would say something else. */
function checkPlace(given: object): void {
  const options: { bucket?: unknown; client?: unknown } | null = given;
  if (options?.bucket !== undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      'S3ArtifactService.connect finds the bucket in the URI: connect("s3://files/adk"). Leave `bucket` out of the options.',
      { details: { option: "bucket" } },
    );
  if (options?.client !== undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      "S3ArtifactService.connect makes a client of its own. Give yours to the constructor: new S3ArtifactService({ client, bucket }).",
      { details: { option: "client" } },
    );
}

function pick(options: object, table: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(table, name)));
}
