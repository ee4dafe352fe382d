import { randomUUID } from "node:crypto";
import { AdkError, inParallel, type ArtifactKey, type CopyCommand } from "@adk/core";
import type { BucketRequests, ObjectHead } from "./bucket-requests.ts";
import { FIRST, type Keys, type Position } from "./keys.ts";
import { mayStand } from "./errors.ts";
import { copyObject } from "./multipart.ts";
import { fateOf } from "./purge-mark.ts";
import { isWithdrawn, recordObject, WRITE_ID } from "./record.ts";
import { isEnded, next, type VersionLog } from "./version-log.ts";
import { bytesKey, erasedMeanwhile, type FoundVersion, readVersion, withdraw } from "./versions.ts";

/** One version on its way. */
interface Copy {
  readonly source: ArtifactKey;
  readonly target: ArtifactKey;
  readonly found: FoundVersion;
  readonly place: Position;
  /** Where a save would have come that knows of no copy. */
  readonly next: Position;
  /** Of the save that made it: a copy keeps it, so a repeated copy knows its own. */
  readonly writeId: string;
  readonly fileUri: string | undefined;
  /** What stands there and is no version: it says that versions come behind it, or was taken back. */
  readonly over: ObjectHead | undefined;
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
      const byTarget = [...Map.groupBy(copies, ({ target }) => target).values()];
      await inParallel(byTarget, (own) => this.#skip(own, signal));
      await inParallel(copies, (copy) => this.#publish(copy, copyId, signal));
      await inParallel(byTarget, (own) => this.#checkLife(own, signal));
    } catch (error) {
      // Why it failed is what the caller must know; what one copy left does not keep the others.
      const outcomes = await inParallel(copies, (copy) =>
        this.#takeBack(copy, copyId).then(
          () => "gone",
          () => "stands",
        ),
      );
      throw outcomes.includes("stands") ? mayStand(error) : error;
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
    const behind = newest ? next(newest.position, newest.isDeleted) : FIRST;
    const copies = await inParallel(versions, async ({ version, fileUri }) => {
      const at = places.find(({ position }) => position.version === version);
      const found = at && (await readVersion(this.#bucket, at.key, signal));
      if (!found) return [];
      const writeId = found.head.metadata[WRITE_ID] ?? "";
      const place = { life: behind.life, version };
      const over = await this.#bucket.head(this.#keys.version(target, place), signal);
      if (over && over.size > 0 && !isWithdrawn(over.metadata)) {
        await this.#confirm(target, place, writeId, signal);
        return [];
      }
      const blob = randomUUID();
      return [{ source, target, found, place, next: behind, writeId, fileUri, over, blob }];
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

  /** Where a save would come that knows of no copy, and where no copy comes: nothing is to be stored in front of them. */
  async #skip(own: readonly Copy[], signal?: AbortSignal): Promise<void> {
    const [
      {
        target,
        next: { life, version },
      },
    ] = own as [Copy];
    const isInFront = own.every(({ place }) => place.version > version);
    if (isInFront) await this.#log.skip(target, { life, version }, signal);
  }

  /** A deletion that came between the plan and the versions has not seen them. */
  async #checkLife(own: readonly Copy[], signal?: AbortSignal): Promise<void> {
    const [{ target, place }] = own as [Copy];
    if (isEnded(place, await this.#log.taken(target, signal))) throw erasedMeanwhile(this.#bucket);
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
    const isStored = copy.over
      ? (await this.#bucket.putOver(copy.over, request)) !== undefined
      : (await this.#bucket.putIfAbsent(request)) === "stored";
    const blob = this.#keys.blob(target, copy.blob);
    if (!isStored && (await this.#bucket.head(key, signal))?.metadata[COPY_ID] !== copyId) {
      await this.#confirm(target, place, writeId, signal);
      // What is left of it a purge removes.
      return void (await this.#bucket.remove({ key: blob }).catch(() => undefined));
    }
    if (!hasBytes) return;
    if ((await fateOf(this.#bucket, blob, signal)) !== "kept") throw erasedMeanwhile(this.#bucket);
  }

  /** Of a version that another try, or another copy, has put there. @throws AdkError `ARTIFACT_CONFLICT`, `UNAVAILABLE` */
  async #confirm(
    target: ArtifactKey,
    place: Position,
    writeId: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const there = await readVersion(this.#bucket, this.#keys.version(target, place), signal);
    if (!there) throw erasedMeanwhile(this.#bucket);
    if (there.head.metadata[WRITE_ID] !== writeId)
      throw conflict(target.sessionId ?? "", place.version);
    await this.#log.confirm(target, place, there.record, signal);
  }

  async #takeBack({ target, place, blob }: Copy, copyId: string): Promise<void> {
    const key = this.#keys.version(target, place);
    await withdraw(this.#bucket, key, ({ head }) => head.metadata[COPY_ID] === copyId);
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
