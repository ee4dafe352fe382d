import { AdkError } from "../errors.ts";
import { type Clock, systemClock } from "../internal/clock.ts";
import { createSha256 } from "../internal/sha256.ts";
import { untilAborted } from "../internal/until-aborted.ts";

/** Bytes to be stored, read once from beginning to end; it counts and hashes them on the way. */
export interface ByteSource extends AsyncIterable<Uint8Array> {
  /** All of them, when they are in memory: for stores that rather send one piece. Reading the iterable is the same. */
  readonly bytes?: Uint8Array;
  /** How many. Of a stream: once it was read to its end. */
  readonly size: number;
  /** Lower-case hex. Of a stream: once it was read to its end. */
  readonly sha256: string;
}

/** Bytes in memory. They must not change until they are stored. */
export async function bytesSource(bytes: Uint8Array<ArrayBuffer>): Promise<ByteSource> {
  return {
    bytes,
    size: bytes.length,
    sha256: await sha256Hex(bytes),
    async *[Symbol.asyncIterator]() {
      yield bytes;
    },
  };
}

/** Lower-case hex of the SHA-256 of bytes in memory. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export interface StreamSourceOptions {
  readonly maxBytes: number;
  readonly signal?: AbortSignal | undefined;
  /** Of the pause in which a cancelled stream may end. @defaultValue the machine's */
  readonly clock?: Clock | undefined;
}

/** Many streams end only when their next piece is there: a silent one is waited for so long. */
const GRACE_MS = 1_000;

/** Bytes from a caller's stream, which is let go as soon as it exceeds `maxBytes`, fails or is cancelled. */
export function streamSource(
  stream: AsyncIterable<Uint8Array>,
  options: StreamSourceOptions,
): ByteSource {
  const hash = createSha256();
  let size = 0;
  let sha256: string | undefined;
  const known = <T>(value: T | undefined): T => {
    if (value === undefined)
      throw new AdkError(
        "FAILED_PRECONDITION",
        "Size and checksum of a stream are known only at its end. Read it first.",
      );
    return value;
  };
  return {
    get size() {
      return known(sha256 === undefined ? undefined : size);
    },
    get sha256() {
      return known(sha256);
    },
    async *[Symbol.asyncIterator]() {
      const { maxBytes, signal, clock = systemClock } = options;
      for await (const chunk of signal ? cancellable(stream, signal, clock) : stream) {
        checkChunk(chunk, signal);
        size += chunk.length;
        if (size > maxBytes) throw tooLarge(maxBytes);
        hash.update(chunk);
        yield chunk;
      }
      sha256 = hash.digest();
    },
  };
}

/** A stream whose next piece is waited for until the signal fires: it may never come. */
function cancellable(
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  clock: Clock,
): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]() {
      const pieces = stream[Symbol.asyncIterator]();
      return {
        async next() {
          try {
            return await untilAborted(pieces.next(), signal);
          } catch (error) {
            if (!signal.aborted) throw error;
            await letGo(pieces, clock);
            throw cancelled(signal);
          }
        },
        async return() {
          await pieces.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

/** Tells a stream to stop, and gives it a little time to clean up. */
async function letGo(pieces: AsyncIterator<Uint8Array>, clock: Clock): Promise<void> {
  const stopping = async (): Promise<unknown> => await pieces.return?.();
  await new Promise<void>((resolve) => {
    const cancel = clock.after(GRACE_MS, resolve);
    const stop = (): void => {
      cancel();
      resolve();
    };
    stopping().then(stop, stop);
  });
}

function cancelled(signal: AbortSignal): AdkError {
  return new AdkError(
    "ABORTED",
    "The save was cancelled while its stream was read; nothing was stored.",
    { cause: signal.reason, details: { committed: false } },
  );
}

function checkChunk(chunk: unknown, signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled(signal);
  if (!(chunk instanceof Uint8Array))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `The stream gave ${chunk === null ? "null" : `a ${typeof chunk}`} instead of a Uint8Array. Encode text first: stream.pipeThrough(new TextEncoderStream()).`,
    );
}

/** What a body of more than `maxBytes` is refused with. */
export function tooLarge(maxBytes: number): AdkError {
  return new AdkError(
    "ARTIFACT_TOO_LARGE",
    `The artifact has more than ${maxBytes} bytes. Save less, or raise the service's \`maxBytes\`.`,
    { details: { maxBytes } },
  );
}
