import { randomUUID } from "node:crypto";
import { inParallel } from "@adk/core";
import type { BucketRequests, ListedObject } from "./bucket-requests.ts";
import { encodeSegment, type Keys } from "./keys.ts";
import { isMark, markOf } from "./purge-mark.ts";
import { readUnlessCorrupt, withdraw } from "./versions.ts";

/** `<app>/<user>/` `b/` `s/<session>/<file>/` or `u/<file>/` `<id>`, behind the root. */
const BLOB = /^([^/]+\/[^/]+\/)b\/(s\/[^/]+\/[^/]+\/|u\/[^/]+\/)([^/]+)$/;

/** A day: no purge takes so long between the mark of a blob and its removal. */
const LONGEST_MARK_MS = 86_400_000;

/** The part of a store's commands that purging needs. */
export interface PurgeCommand {
  readonly olderThanMs: number;
}

/** Removes blobs that no version names, and multipart uploads that nobody ends. */
export class Purger {
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #underWay: ReadonlySet<string>;
  readonly #now: () => number;

  constructor(
    bucket: BucketRequests,
    keys: Keys,
    underWay: ReadonlySet<string>,
    now: () => number = Date.now,
  ) {
    this.#bucket = bucket;
    this.#keys = keys;
    this.#underWay = underWay;
    this.#now = now;
  }

  /**
   * One request a 1,000 objects, and one a version of the names that have old blobs. Where blobs are removed, their name's
   * versions are read a second time and listed a third, and each costs three more: its mark, itself, and the mark's removal.
   */
  async purge({ olderThanMs }: PurgeCommand, signal?: AbortSignal): Promise<number> {
    const now = this.#now();
    const before = now - olderThanMs;
    const { root } = this.#keys;
    // Others may have objects and uploads of theirs in the bucket.
    const isOldBlob = ({ key, modified }: Pick<ListedObject, "key" | "modified">): boolean =>
      BLOB.test(key.slice(root.length)) &&
      !isMark(key) &&
      modified <= before &&
      !this.#underWay.has(key);
    const isOldMark = ({ key, modified }: ListedObject): boolean =>
      BLOB.test(key.slice(root.length)) && isMark(key) && modified <= now - LONGEST_MARK_MS;
    let removed = 0;
    const uploads = (await this.#bucket.uploads.list(root, signal)).filter(isOldBlob);
    await inParallel(uploads, (upload) => this.#bucket.uploads.abort(upload));
    removed += uploads.length;
    const blobs: string[] = [];
    for await (const page of this.#bucket.listAll(root, signal))
      for (const object of page)
        if (isOldBlob(object)) blobs.push(object.key);
        // Of a purge that died.
        else if (isOldMark(object)) await this.#bucket.remove({ key: object.key }, signal);
    for (const [versions, keys] of Map.groupBy(blobs, (key) => this.#versionsOf(key))) {
      const seen = await this.#read(versions, signal);
      // What an unreadable version names is not known: all blobs of its name stay.
      if (!seen) continue;
      const named = new Set(seen.values());
      const orphans = keys.filter((key) => !named.has(segmentOf(key)));
      if (orphans.length > 0) removed += await this.#remove(versions, orphans, signal);
    }
    return removed;
  }

  /** Blobs that are not named now either, when their marks are there for all to see. @returns how many were removed. */
  async #remove(
    versions: string,
    orphans: readonly string[],
    signal?: AbortSignal,
  ): Promise<number> {
    const begun = this.#now();
    const purgeId = randomUUID();
    /** Whose removal was sent and not answered: it may arrive late, so their marks stay, as those of a purge that died. */
    const unanswered = new Set<string>();
    try {
      await inParallel(orphans, async (blob) => {
        await this.#bucket.put({ key: markOf(blob, purgeId), body: new Uint8Array(0), signal });
      });
      const seen = await this.#read(versions, signal);
      if (!seen) return 0;
      const named = new Set(seen.values());
      const removed = new Set<string>();
      await inParallel(
        orphans.filter((blob) => !named.has(segmentOf(blob))),
        async (key) => {
          // A mark that has stood for so long may be taken for one of a purge that died.
          if (signal?.aborted || this.#now() - begun > LONGEST_MARK_MS / 2) return;
          unanswered.add(key);
          await this.#bucket.remove({ key });
          unanswered.delete(key);
          removed.add(segmentOf(key));
        },
      );
      if (removed.size > 0) await this.#withdraw(versions, seen, removed, signal);
      return removed.size;
    } finally {
      const done = orphans.filter((blob) => !unanswered.has(blob));
      await inParallel(done, (blob) => this.#bucket.remove({ key: markOf(blob, purgeId) }));
    }
  }

  /** Versions that name what was removed: whoever published them meanwhile does so itself, unless it died. */
  async #withdraw(
    versions: string,
    seen: ReadonlyMap<string, string | undefined>,
    removed: ReadonlySet<string>,
    signal?: AbortSignal,
  ): Promise<void> {
    for await (const page of this.#bucket.listAll(versions, signal)) {
      const unseen = page.filter((object) => !seen.has(identityOf(object)));
      await inParallel(unseen, ({ key }) =>
        withdraw(this.#bucket, key, ({ record: { blob } }) => {
          return blob !== undefined && removed.has(encodeSegment(blob));
        }),
      );
    }
  }

  /** Where the versions of a blob's name are. */
  #versionsOf(key: string): string {
    const { root } = this.#keys;
    return root + key.slice(root.length).replace(BLOB, "$1$2");
  }

  /** The objects of a name's versions, with the blob that each names; `undefined` when one of them cannot be read. */
  async #read(
    versions: string,
    signal?: AbortSignal,
  ): Promise<Map<string, string | undefined> | undefined> {
    const seen = new Map<string, string | undefined>();
    for await (const page of this.#bucket.listAll(versions, signal)) {
      const found = await inParallel(page, async (object) => {
        return { object, version: await readUnlessCorrupt(this.#bucket, object.key, signal) };
      });
      for (const { object, version } of found) {
        if (version === "corrupt") return undefined;
        const { blob } = version?.record ?? {};
        seen.set(identityOf(object), blob === undefined ? undefined : encodeSegment(blob));
      }
    }
    return seen;
  }
}

/** Another one for each write that says something else. */
function identityOf({ key, etag }: Pick<ListedObject, "key" | "etag">): string {
  return `${key} ${etag}`;
}

function segmentOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}
