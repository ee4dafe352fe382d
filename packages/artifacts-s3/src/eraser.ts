import { AdkError, inParallel, type ArtifactKey, type EraseArtifactsCommand } from "@adk/core";
import {
  NO_VERSION,
  type BucketRequests,
  type ListedObject,
  type ObjectVersion,
} from "./bucket-requests.ts";
import { type Keys, parsePosition, type Position } from "./keys.ts";
import { cannotListVersions, mayKeepOldVersions } from "./old-versions.ts";
import type { VersionLog } from "./version-log.ts";
import { readUnlessCorrupt } from "./versions.ts";

const MOST_PASSES = 20;

/** Removes names, sessions and users, with all object versions where the bucket keeps them. */
export class Eraser {
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #log: VersionLog;

  constructor(bucket: BucketRequests, keys: Keys, log: VersionLog) {
    this.#bucket = bucket;
    this.#keys = keys;
    this.#log = log;
  }

  async erase(command: EraseArtifactsCommand, signal?: AbortSignal): Promise<void> {
    if (command.filename !== undefined) await this.#eraseName(command, signal);
    else if (command.sessionId === undefined)
      await this.#eraseAll([this.#keys.user(command)], signal);
    else await this.#eraseAll([this.#keys.versions(command), this.#keys.blobs(command)], signal);
  }

  /** Empty objects stay: they tell processes that remember old numbers, see {@link VersionLog}. */
  async #eraseName(key: ArtifactKey, signal?: AbortSignal): Promise<void> {
    const ended = await this.#log.end(key, signal);
    if (!ended) return;
    const { position: end, wasEnded } = ended;
    const [name, blobs] = [this.#keys.name(key), this.#keys.blobsOfName(key)];
    const { objects } = await this.#bucket.list({ prefix: blobs, maxKeys: 1 }, signal);
    let isKept = false;
    for await (const page of this.#bucket.listAll(name, signal)) {
      const doomed = page.filter((object) => isBefore(name, object, end));
      const outcomes = await inParallel(doomed, async (object) => {
        // A blob is removed for the version that names it: another save may be about to publish its own.
        const version =
          objects.length > 0
            ? await readUnlessCorrupt(this.#bucket, object.key, signal)
            : undefined;
        const blob = version === "corrupt" ? undefined : version?.record.blob;
        // In this order: the place leads a repeated deletion to the blob.
        if (blob !== undefined)
          await this.#bucket.remove({ key: this.#keys.blob(key, blob) }, signal);
        return (await this.#log.empty(object.key, signal)).isKept;
      });
      isKept ||= outcomes.some(Boolean);
    }
    // A deletion that is repeated may have been cut off before this.
    if (isKept || wasEnded)
      for (const prefix of [name, blobs]) await this.#removeOld(prefix, isKept, signal);
  }

  /** Object versions that are not current, and the markers of deletions. @throws AdkError `PERMISSION_DENIED` */
  async #removeOld(prefix: string, isKept: boolean, signal?: AbortSignal): Promise<void> {
    try {
      for await (const page of this.#bucket.listVersions(prefix, signal)) {
        const doomed = page.filter(({ isLatest, isMarker }) => isMarker || !isLatest);
        await inParallel(doomed, (version) => this.#bucket.remove(version, signal));
      }
    } catch (error) {
      if (!cannotListVersions(error)) throw error;
      if (isKept || (await mayKeepOldVersions(this.#bucket, error, signal)))
        throw this.#oldVersionsStay(error);
    }
  }

  /**
   * Everything below prefixes, until nothing is found any more: what is saved meanwhile is removed too, and a save that has
   * sent its bytes finds them gone and takes its version back.
   */
  async #eraseAll(prefixes: readonly string[], signal?: AbortSignal): Promise<void> {
    for (const prefix of prefixes) this.#log.forget(prefix);
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      let found = 0;
      for (const prefix of prefixes) {
        const uploads = await this.#bucket.uploads.list(prefix, signal);
        await inParallel(uploads, (upload) => this.#bucket.uploads.abort(upload));
        found += uploads.length + (await this.#removeAll(prefix, signal));
      }
      if (found === 0) return;
    }
    throw new AdkError(
      "UNAVAILABLE",
      "Others go on saving what is to be erased. Stop them, then repeat the call.",
      { retryable: true, details: { bucket: this.#bucket.name, committed: "unknown" } },
    );
  }

  async #removeAll(prefix: string, signal?: AbortSignal): Promise<number> {
    let found = 0;
    try {
      for await (const page of this.#bucket.listVersions(prefix, signal)) {
        found += page.length;
        await inParallel(page, (version) => this.#bucket.remove(removable(version), signal));
      }
      return found;
    } catch (error) {
      if (!cannotListVersions(error)) throw error;
      return await this.#removeCurrent(prefix, error, signal);
    }
  }

  /**
   * What is listed without object versions.
   *
   * @throws AdkError `PERMISSION_DENIED` when the bucket keeps them all the same: what they hold is not erased.
   */
  async #removeCurrent(prefix: string, cause: unknown, signal?: AbortSignal): Promise<number> {
    let found = 0;
    let isKept = false;
    for await (const page of this.#bucket.listAll(prefix, signal)) {
      found += page.length;
      const removed = await inParallel(page, ({ key }) => this.#bucket.remove({ key }, signal));
      isKept ||= removed.some((outcome) => outcome.isKept);
    }
    if (isKept || (await mayKeepOldVersions(this.#bucket, cause, signal)))
      throw this.#oldVersionsStay(cause);
    return found;
  }

  #oldVersionsStay(cause: unknown): AdkError {
    return new AdkError(
      "PERMISSION_DENIED",
      `Bucket ${JSON.stringify(this.#bucket.name)} may keep what is removed as old object versions, and these credentials may not list them: the bytes may still be there. Grant s3:ListBucketVersions and s3:DeleteObjectVersion (without versioning s3:GetBucketVersioning is enough), then repeat the call.`,
      { cause, details: { bucket: this.#bucket.name, committed: "unknown" } },
    );
  }
}

/** Without its version an object of a bucket that never had versioning needs no further permission. */
function removable({ key, versionId, isLatest, isMarker }: ObjectVersion): {
  key: string;
  versionId?: string;
} {
  return versionId === NO_VERSION && isLatest && !isMarker ? { key } : { key, versionId };
}

function isBefore(prefix: string, { key, size }: ListedObject, end: Position): boolean {
  const position = parsePosition(key.slice(prefix.length));
  if (!position || size === 0) return false;
  return position.life < end.life || (position.life === end.life && position.version < end.version);
}
