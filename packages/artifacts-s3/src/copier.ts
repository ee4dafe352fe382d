import { randomUUID } from "node:crypto";
import { AdkError, inParallel, type ArtifactKey, type CopyCommand } from "@adk/core";
import type { BucketRequests } from "./bucket-requests.ts";
import { FIRST, type Keys, type Position } from "./keys.ts";
import { copyObject } from "./multipart.ts";
import { fateOf } from "./purge-mark.ts";
import { isWithdrawn, recordObject, WRITE_ID } from "./record.ts";
import { next, type VersionLog } from "./version-log.ts";
import { bytesKey, erasedMeanwhile, type FoundVersion, readVersion } from "./versions.ts";

/** One version on its way. */
interface Copy {
  readonly source: ArtifactKey;
  readonly target: ArtifactKey;
  readonly found: FoundVersion;
  readonly place: Position;
  /** Of the save that made it: a copy keeps it, so a repeated copy knows its own. */
  readonly writeId: string;
  readonly fileUri: string | undefined;
  /** An empty object stands there, which says that versions come behind it. */
  readonly isSealed: boolean;
  readonly blob: string;
}

/** Which copy made a version: it takes back nothing else. */
const COPY_ID = "adk-copy";

/**
 * Copies versions to another session: their bytes by the server, then their records. All places are looked at before anything
 * is written; when one is taken meanwhile, what was published is taken back.
 */
export class Copier {
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #log: VersionLog;
  readonly #underWay: Set<string>;

  constructor(bucket: BucketRequests, keys: Keys, log: VersionLog, underWay: Set<string>) {
    this.#bucket = bucket;
    this.#keys = keys;
    this.#log = log;
    this.#underWay = underWay;
  }

  async copy(command: CopyCommand, signal?: AbortSignal): Promise<void> {
    const byName = Map.groupBy(command.versions, ({ filename }) => filename);
    const planned = await inParallel([...byName], async ([filename, versions]) => {
      return await this.#plan(command, filename, versions, signal);
    });
    const copies = planned.flat();
    const blobs = copies.map(({ target, blob }) => this.#keys.blob(target, blob));
    for (const blob of blobs) this.#underWay.add(blob);
    const copyId = randomUUID();
    try {
      await inParallel(copies, (copy) => this.#copyBytes(copy, signal));
      await inParallel([...new Set(copies.map(({ target }) => target))], (target) =>
        this.#seal(target, copies, signal),
      );
      await inParallel(copies, (copy) => this.#publish(copy, copyId, signal));
    } catch (error) {
      // Why it failed is what the caller must know; what one copy left does not keep the others.
      await inParallel(copies, (copy) => this.#takeBack(copy, copyId).catch(() => undefined));
      throw error;
    } finally {
      for (const blob of blobs) this.#underWay.delete(blob);
      this.#log.forget(this.#keys.versions({ ...command, sessionId: command.to }));
    }
  }

  /** What is to be copied of one name: not what is gone, nor what is there already. */
  async #plan(
    { appName, userId, from, to }: CopyCommand,
    filename: string,
    versions: CopyCommand["versions"],
    signal?: AbortSignal,
  ): Promise<Copy[]> {
    const source = { appName, userId, sessionId: from, filename };
    const target = { appName, userId, sessionId: to, filename };
    const places = await this.#log.places(source, signal);
    const newest = await this.#log.newest(target, signal);
    const { life } = newest ? next(newest.position, newest.isDeleted) : FIRST;
    const copies = await inParallel(versions, async ({ version, fileUri }) => {
      const at = places.find(({ position }) => position.version === version);
      const found = at && (await readVersion(this.#bucket, at.key, signal));
      if (!found) return [];
      const writeId = found.head.metadata[WRITE_ID] ?? "";
      const place = { life, version };
      const taken = await this.#bucket.head(this.#keys.version(target, place), signal);
      const isSealed = taken !== undefined && (taken.size === 0 || isWithdrawn(taken.metadata));
      if (taken && !isSealed && taken.metadata[WRITE_ID] !== writeId) throw conflict(to, version);
      if (taken && !isSealed) return [];
      const blob = randomUUID();
      return [{ source, target, found, place, writeId, fileUri, isSealed, blob }];
    });
    return copies.flat();
  }

  async #copyBytes(copy: Copy, signal?: AbortSignal): Promise<void> {
    const { source, target, found } = copy;
    const key = bytesKey(this.#keys, source, found);
    if (key === undefined) return;
    const { size, mimeType } = found.record.metadata;
    const blob = this.#keys.blob(target, copy.blob);
    const object = { key, size, contentType: mimeType };
    if (!(await copyObject(this.#bucket, object, blob, signal)))
      throw erasedMeanwhile(this.#bucket);
  }

  /** A name whose first version is not among its copies: nobody who remembers nothing may begin there. */
  async #seal(target: ArtifactKey, copies: readonly Copy[], signal?: AbortSignal): Promise<void> {
    const own = copies.filter((copy) => copy.target === target);
    if (own.every(({ place }) => place.life === 0 && place.version > 0))
      await this.#log.seal(target, signal);
  }

  async #publish(copy: Copy, copyId: string, signal?: AbortSignal): Promise<void> {
    const { target, found, place, writeId, fileUri } = copy;
    const { blob: _old, metadata, ...others } = found.record;
    const hasBytes = bytesKey(this.#keys, copy.source, found) !== undefined;
    const object = recordObject(writeId, {
      ...others,
      metadata: fileUri === undefined ? metadata : { ...metadata, fileUri },
      ...(hasBytes && { blob: copy.blob }),
    });
    // What the source says of itself, whoever wrote it.
    const headers = { ...object.metadata, [WRITE_ID]: writeId, [COPY_ID]: copyId };
    const key = this.#keys.version(target, place);
    const request = { key, body: object.body, metadata: headers, signal };
    if (copy.isSealed) await this.#bucket.put(request);
    else if ((await this.#bucket.putIfAbsent(request)) === "taken") {
      const there = await this.#bucket.head(key, signal);
      if (there?.metadata[WRITE_ID] === writeId) return;
      throw conflict(target.sessionId ?? "", place.version);
    }
    if (!hasBytes) return;
    const blob = this.#keys.blob(target, copy.blob);
    if ((await fateOf(this.#bucket, blob, signal)) !== "kept") throw erasedMeanwhile(this.#bucket);
  }

  async #takeBack({ target, place, blob, isSealed }: Copy, copyId: string): Promise<void> {
    const key = this.#keys.version(target, place);
    const there = await this.#bucket.head(key);
    if (there?.metadata[COPY_ID] === copyId)
      await (isSealed
        ? this.#bucket.put({ key, body: new Uint8Array(0) })
        : this.#bucket.remove({ key }));
    await this.#bucket.remove({ key: this.#keys.blob(target, blob) });
  }
}

function conflict(sessionId: string, version: number): AdkError {
  return new AdkError(
    "ARTIFACT_CONFLICT",
    `Session ${sessionId} already has another version ${version} of an artifact that is copied. Copy into a new session.`,
    { details: { sessionId, version } },
  );
}
