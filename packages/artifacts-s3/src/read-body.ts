import { AdkError } from "@adk/core";
import type { Readable } from "node:stream";
import type { BucketRequests } from "./bucket-requests.ts";

const MOST_TRIES = 4;

/** Bytes of an object, from `start` up to and without `end`. */
export interface BodyRequest {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly signal?: AbortSignal | undefined;
}

/** A body that is read once, and can be left before. */
export interface Body extends AsyncDisposable {
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * The bytes of an object; where the line is cut it is asked for the rest, for objects never change.
 *
 * @param first the answer to the first request, when it was sent already.
 */
export function readBody(bucket: BucketRequests, request: BodyRequest, first?: Readable): Body {
  let open = first;
  let isLeft = false;
  // An answer that nobody reads may fail, too.
  open?.on("error", () => undefined);
  return {
    chunks: chunks(),
    async [Symbol.asyncDispose]() {
      isLeft = true;
      open?.destroy();
    },
  };

  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const { key, end, signal } = request;
    let { start } = request;
    for (let tries = 1; start < end; tries++) {
      if (isLeft) throw left(bucket, key);
      open ??= (await bucket.get(key, { start, end }, signal))?.body;
      if (!open) throw gone(bucket, key);
      const stream = open;
      const leave = (): void => void stream.destroy();
      signal?.addEventListener("abort", leave, { once: true });
      try {
        if (isLeft) throw left(bucket, key);
        signal?.throwIfAborted();
        for await (const chunk of stream as AsyncIterable<Uint8Array>) {
          start += chunk.length;
          tries = 1;
          yield chunk;
        }
        // Fewer than there are: the checksum tells, or whoever asked for the range.
        return;
      } catch (error) {
        if (signal?.aborted || tries >= MOST_TRIES)
          throw await bucket.failure(error, key, false, signal);
        // Destroyed by us: no line that was cut.
        if (isLeft) throw left(bucket, key);
        open = undefined;
      } finally {
        signal?.removeEventListener("abort", leave);
        stream.destroy();
      }
    }
  }
}

function left(bucket: BucketRequests, key: string): AdkError {
  return new AdkError(
    "ABORTED",
    "The opened artifact was disposed of while its body was read. Dispose it after the last read.",
    { details: { bucket: bucket.name, key } },
  );
}

function gone(bucket: BucketRequests, key: string): AdkError {
  return new AdkError(
    "ARTIFACT_CORRUPT",
    "Bytes of the artifact were removed while they were read: it was deleted. Load it again.",
    { details: { bucket: bucket.name, key } },
  );
}
