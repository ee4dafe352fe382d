import {
  AdkError,
  checkOptions,
  inParallel,
  type ArtifactKey,
  type ArtifactScope,
  type ArtifactStore,
  type ArtifactStoreReport,
  type BeginUploadCommand,
  type CompleteUploadCommand,
  type CopyCommand,
  type EraseArtifactsCommand,
  type OpenCommand,
  type OpenedArtifact,
  type PendingUpload,
  type SaveCommand,
  type SignCommand,
  type StoredVersion,
} from "@adk/core";
import { BucketRequests } from "./bucket-requests.ts";
import { checkServer } from "./check-server.ts";
import { Copier } from "./copier.ts";
import { Eraser } from "./eraser.ts";
import { Keys } from "./keys.ts";
import { listNames } from "./list-names.ts";
import { Opener } from "./opener.ts";
import { signDownload } from "./presigner.ts";
import { Purger, type PurgeCommand } from "./purger.ts";
import { RequestContext } from "./request-context.ts";
import { Saver } from "./saver.ts";
import {
  checkRequired,
  MIN_PART_BYTES,
  STORE_OPTIONS,
  type S3ArtifactStoreOptions,
} from "./store-options.ts";
import { Uploads } from "./uploads.ts";
import { VersionLog } from "./version-log.ts";
import { bytesKey, readVersion, toStoredVersion } from "./versions.ts";

/** Artifacts in one bucket. Its commands are those of every artifact store; the README has the layout of the keys. */
export class S3ArtifactStore implements ArtifactStore {
  readonly #context: RequestContext;
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #log: VersionLog;
  readonly #saver: Saver;
  readonly #opener: Opener;
  readonly #eraser: Eraser;
  readonly #copier: Copier;
  readonly #uploads: Uploads;
  readonly #purger: Purger;

  /** @throws AdkError `INVALID_ARGUMENT` for an option that there is not, or that cannot be used. */
  constructor(options: S3ArtifactStoreOptions) {
    checkOptions("S3ArtifactStore", options, STORE_OPTIONS);
    checkRequired("S3ArtifactStore", options);
    const context = new RequestContext(options);
    const bucket = new BucketRequests(context);
    const keys = new Keys(options.prefix ?? "");
    const log = new VersionLog(bucket, keys);
    const saver = new Saver(bucket, keys, log, options.partBytes ?? MIN_PART_BYTES);
    this.#context = context;
    this.#bucket = bucket;
    this.#keys = keys;
    this.#log = log;
    this.#saver = saver;
    this.#opener = new Opener(bucket, keys, log);
    this.#eraser = new Eraser(bucket, keys, log);
    this.#copier = new Copier(bucket, keys, log, saver.underWay);
    this.#uploads = new Uploads(context, bucket, keys, log, saver);
    this.#purger = new Purger(bucket, keys, saver.underWay);
  }

  async save(command: SaveCommand, signal?: AbortSignal): Promise<StoredVersion> {
    checkSignal(signal);
    return await this.#saver.save(command, signal);
  }

  async open(command: OpenCommand, signal?: AbortSignal): Promise<OpenedArtifact | undefined> {
    checkSignal(signal);
    return await this.#opener.open(command, signal);
  }

  async list(command: ArtifactScope, signal?: AbortSignal): Promise<string[]> {
    checkSignal(signal);
    return await listNames(this.#bucket, this.#keys.versions(command), signal);
  }

  async versions(command: ArtifactKey, signal?: AbortSignal): Promise<StoredVersion[]> {
    checkSignal(signal);
    const places = await this.#log.places(command, signal);
    const versions = await inParallel(places, async ({ key, position }) => {
      const found = await readVersion(this.#bucket, key, signal);
      return found && toStoredVersion(this.#bucket, position, found);
    });
    return versions.filter((version) => version !== undefined).toReversed();
  }

  async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    checkSignal(signal);
    await this.#eraser.erase(command, signal);
  }

  async copy(command: CopyCommand, signal?: AbortSignal): Promise<void> {
    checkSignal(signal);
    await this.#copier.copy(command, signal);
  }

  async sign(command: SignCommand, signal?: AbortSignal): Promise<string | undefined> {
    checkSignal(signal);
    const { filename, expiresInMs } = command;
    const located = await this.#opener.locate(command, signal);
    const key = located && bytesKey(this.#keys, command, located.found);
    if (!located || key === undefined) return undefined;
    const contentType = located.found.record.metadata.mimeType;
    return await signDownload(this.#context, { key, contentType, filename }, expiresInMs);
  }

  async beginUpload(command: BeginUploadCommand, signal?: AbortSignal): Promise<PendingUpload> {
    checkSignal(signal);
    return await this.#uploads.begin(command);
  }

  async completeUpload(
    command: CompleteUploadCommand,
    signal?: AbortSignal,
  ): Promise<StoredVersion | undefined> {
    checkSignal(signal);
    return await this.#uploads.complete(command, signal);
  }

  async purge(command: PurgeCommand, signal?: AbortSignal): Promise<number> {
    checkSignal(signal);
    return await this.#purger.purge(command, signal);
  }

  async check(signal?: AbortSignal): Promise<ArtifactStoreReport> {
    checkSignal(signal);
    return await checkServer(this.#bucket, this.#keys, signal);
  }

  /** The client stays open: who opens, closes. */
  async [Symbol.asyncDispose](): Promise<void> {}
}

function checkSignal(signal: AbortSignal | undefined): void {
  if (!signal?.aborted) return;
  throw new AdkError("ABORTED", "The call was cancelled before anything was sent.", {
    cause: signal.reason,
    details: { committed: false },
  });
}
