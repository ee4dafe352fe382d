import type { BucketRequests } from "./bucket-requests.ts";
import { decodeSegment, parsePosition } from "./keys.ts";
import { isWithdrawn, WITHDRAWN } from "./record.ts";
import { readVersion } from "./versions.ts";

/** Behind all versions of a name: digits and a dash sort before it. */
const BEHIND = "~";

/**
 * The names below a scope's versions, ascending by code units.
 *
 * A name's newest object comes first and says whether there is the name; a page that ends amid a name's versions is followed
 * by one that begins behind them. So it is one request a 1,000 objects, fewer where names have more versions than a page.
 */
export async function listNames(
  bucket: BucketRequests,
  prefix: string,
  signal?: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  let last: string | undefined;
  let startAfter: string | undefined;
  for (;;) {
    const { objects, isLast } = await bucket.list({ prefix, startAfter }, signal);
    startAfter = objects.at(-1)?.key;
    for (const { key, size } of objects) {
      const [segment = "", position = ""] = key.slice(prefix.length).split("/");
      if (segment === last || !parsePosition(position)) continue;
      // A version that was taken back says nothing: the one before it does.
      if (size === WITHDRAWN.body.length && (await isTakenBack(bucket, key, signal))) continue;
      last = segment;
      if (size === 0) continue;
      const name = decodeSegment(segment) ?? (await trueName(bucket, key, signal));
      if (name !== undefined) names.push(name);
    }
    if (isLast || startAfter === undefined) return names.toSorted();
    const isAmid = last !== undefined && startAfter.startsWith(`${prefix}${last}/`);
    if (isAmid) startAfter = `${prefix}${last}/${BEHIND}`;
  }
}

async function isTakenBack(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const head = await bucket.head(key, signal);
  return head !== undefined && isWithdrawn(head.metadata);
}

/** Of a name whose key holds only its hash. */
async function trueName(
  bucket: BucketRequests,
  key: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  return (await readVersion(bucket, key, signal))?.record.filename;
}
