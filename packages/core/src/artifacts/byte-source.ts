import { AdkError } from "../errors.ts";
import { createSha256 } from "../internal/sha256.ts";

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
}

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
      for await (const chunk of stream) {
        checkChunk(chunk, (size += chunk.length), options);
        hash.update(chunk);
        yield chunk;
      }
      sha256 = hash.digest();
    },
  };
}

function checkChunk(chunk: unknown, size: number, options: StreamSourceOptions): void {
  if (options.signal?.aborted)
    throw new AdkError(
      "ABORTED",
      "The save was cancelled while its stream was read; nothing was stored.",
      {
        cause: options.signal.reason,
        details: { committed: false },
      },
    );
  if (!(chunk instanceof Uint8Array))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `The stream gave a ${typeof chunk} instead of a Uint8Array. Encode text first: stream.pipeThrough(new TextEncoderStream()).`,
    );
  if (size > options.maxBytes) throw tooLarge(options.maxBytes);
}

/** What a body of more than `maxBytes` is refused with. */
export function tooLarge(maxBytes: number): AdkError {
  return new AdkError(
    "ARTIFACT_TOO_LARGE",
    `The artifact has more than ${maxBytes} bytes. Save less, or raise the service's \`maxBytes\`.`,
    { details: { maxBytes } },
  );
}
