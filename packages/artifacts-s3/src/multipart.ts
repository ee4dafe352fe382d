import type { BucketRequests } from "./bucket-requests.ts";
import type { UploadedPart } from "./upload-requests.ts";

/** S3 takes so many parts. */
const MOST_PARTS = 10_000;
/** After so many parts the next have twice the size: 10,000 hold more than S3 takes. */
const PARTS_OF_ONE_SIZE = 1_000;
/** The most that CopyObject copies, and that one part may have. */
const MOST_COPIED_AT_ONCE: number = 5 * 2 ** 30;
const COPIED_PART_BYTES = 2 ** 30;

/** How many bytes a part has, the first being 1. */
export function partSize(number: number, partBytes: number): number {
  return partBytes * 2 ** Math.floor((Math.min(number, MOST_PARTS) - 1) / PARTS_OF_ONE_SIZE);
}

/** A part that is full, or the end of its stream. */
export interface Filled {
  /** In the buffer that was to be filled. */
  readonly part: Uint8Array;
  /** What was read beyond it. */
  readonly left: Uint8Array;
  readonly isEnd: boolean;
}

/**
 * Writes an object from a stream, a part at a time: the next one is read when the last one is stored, into the same memory.
 *
 * @param first its first part, with `partBytes` bytes; its memory is used again.
 * @throws what the stream throws, unchanged. Whatever fails, the upload is ended: no part is left.
 */
export async function uploadStream(
  bucket: BucketRequests,
  target: { key: string; contentType: string | undefined; partBytes: number },
  first: Filled,
  rest: AsyncIterator<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const { key, contentType, partBytes } = target;
  await inParts(bucket, key, contentType, signal, async (upload) => {
    const parts: UploadedPart[] = [];
    let memory = first.part;
    for (let number = 1, filled = first; ;) {
      parts.push(await bucket.uploads.sendPart(upload, { number, body: filled.part }, signal));
      if (filled.isEnd) return parts;
      const size = partSize(++number, partBytes);
      if (memory.length !== size) memory = Buffer.allocUnsafeSlow(size);
      filled = await fill(memory, filled.left, rest);
      if (filled.part.length === 0) return parts;
    }
  });
}

/** Copies an object of any size within the bucket. @returns `false` when there is no source. */
export async function copyObject(
  bucket: BucketRequests,
  source: { key: string; size: number; contentType: string | undefined },
  target: string,
  signal?: AbortSignal,
  mostAtOnce: number = MOST_COPIED_AT_ONCE,
  partBytes: number = COPIED_PART_BYTES,
): Promise<boolean> {
  if (source.size <= mostAtOnce) return await bucket.copy(source.key, target, signal);
  await inParts(bucket, target, source.contentType, signal, async (upload) => {
    const parts: UploadedPart[] = [];
    for (let start = 0, number = 1; start < source.size; start += partBytes, number++) {
      const end = Math.min(start + partBytes, source.size);
      parts.push(
        await bucket.uploads.copyPart(upload, { number, source: source.key, start, end }, signal),
      );
    }
    return parts;
  });
  return true;
}

async function inParts(
  bucket: BucketRequests,
  key: string,
  contentType: string | undefined,
  signal: AbortSignal | undefined,
  send: (upload: { key: string; uploadId: string }) => Promise<UploadedPart[]>,
): Promise<void> {
  const upload = { key, uploadId: await bucket.uploads.begin(key, contentType, signal) };
  try {
    await bucket.uploads.complete(upload, await send(upload), signal);
  } catch (error) {
    // Why it failed is what the caller must know; a purge ends what could not be ended here.
    await bucket.uploads.abort(upload).catch(() => undefined);
    throw error;
  }
}

/** Reads until the memory of a part is full. Shares none with the stream's producer. */
export async function fill(
  memory: Uint8Array,
  left: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): Promise<Filled> {
  let filled = 0;
  for (let chunk = left; ;) {
    const taken = Math.min(chunk.length, memory.length - filled);
    memory.set(chunk.subarray(0, taken), filled);
    filled += taken;
    // The producer may use its buffer again when it is asked for more: by then this rest is copied into the next part.
    if (filled === memory.length)
      return { part: memory, left: chunk.subarray(taken), isEnd: false };
    const read = await rest.next();
    if (read.done === true)
      return { part: memory.subarray(0, filled), left: new Uint8Array(0), isEnd: true };
    chunk = read.value;
  }
}
