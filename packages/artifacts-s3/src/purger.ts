import { inParallel } from "@adk/core";
import type { BucketRequests, ListedObject } from "./bucket-requests.ts";
import { encodeSegment, type Keys } from "./keys.ts";
import { readUnlessCorrupt } from "./versions.ts";

/** `<app>/<user>/` `b/` `s/<session>/<file>/` or `u/<file>/` `<id>`, behind the root. */
const BLOB = /^([^/]+\/[^/]+\/)b\/(s\/[^/]+\/[^/]+\/|u\/[^/]+\/)([^/]+)$/;

/** The part of a store's commands that purging needs. */
export interface PurgeCommand {
  readonly olderThanMs: number;
}

/** Removes blobs that no version names, and multipart uploads that nobody ends. */
export class Purger {
  readonly #bucket: BucketRequests;
  readonly #keys: Keys;
  readonly #underWay: ReadonlySet<string>;

  constructor(bucket: BucketRequests, keys: Keys, underWay: ReadonlySet<string>) {
    this.#bucket = bucket;
    this.#keys = keys;
    this.#underWay = underWay;
  }

  /** One request a 1,000 objects, and one a version of the names that have old blobs. */
  async purge({ olderThanMs }: PurgeCommand, signal?: AbortSignal): Promise<number> {
    const before = Date.now() - olderThanMs;
    const { root } = this.#keys;
    // Others may have objects and uploads of theirs in the bucket.
    const isOldBlob = ({ key, modified }: Pick<ListedObject, "key" | "modified">): boolean =>
      BLOB.test(key.slice(root.length)) && modified <= before && !this.#underWay.has(key);
    let removed = 0;
    const uploads = (await this.#bucket.uploads.list(root, signal)).filter(isOldBlob);
    await inParallel(uploads, (upload) => this.#bucket.uploads.abort(upload));
    removed += uploads.length;
    const blobs: string[] = [];
    for await (const page of this.#bucket.listAll(root, signal))
      for (const object of page) if (isOldBlob(object)) blobs.push(object.key);
    for (const [versions, keys] of Map.groupBy(blobs, (key) => this.#versionsOf(key))) {
      const named = await this.#named(versions, signal);
      // What an unreadable version names is not known: all blobs of its name stay.
      if (!named) continue;
      const orphans = keys.filter((key) => !named.has(key.slice(key.lastIndexOf("/") + 1)));
      await inParallel(orphans, (key) => this.#bucket.remove({ key }, signal));
      removed += orphans.length;
    }
    return removed;
  }

  /** Where the versions of a blob's name are. */
  #versionsOf(key: string): string {
    const { root } = this.#keys;
    return root + key.slice(root.length).replace(BLOB, "$1$2");
  }

  /** Segments of the blobs that versions name; `undefined` when one of them cannot be read. */
  async #named(versions: string, signal?: AbortSignal): Promise<Set<string> | undefined> {
    const named = new Set<string>();
    for await (const page of this.#bucket.listAll(versions, signal)) {
      const found = await inParallel(
        page,
        async ({ key }) => await readUnlessCorrupt(this.#bucket, key, signal),
      );
      for (const version of found) {
        if (version === "corrupt") return undefined;
        const { blob } = version?.record ?? {};
        if (blob !== undefined) named.add(encodeSegment(blob));
      }
    }
    return named;
  }
}
