import type { OpenCommand, OpenedArtifact } from "@adk/core";
import type { FileHandle } from "node:fs/promises";
import { must, openPlain } from "./disk.ts";
import { checkSignal } from "./errors.ts";
import { corrupt, readRecord } from "./record.ts";
import { toStoredVersion } from "./to-stored-version.ts";

const CHUNK_BYTES = 262_144;

/** A version's file, opened; `undefined` when there is none. It is closed by its body's end, and by its disposal. */
export async function openVersion(
  path: string,
  version: number,
  range: OpenCommand["range"],
  signal: AbortSignal | undefined,
): Promise<OpenedArtifact | undefined> {
  const handle = await openPlain(path);
  if (!handle) return undefined;
  try {
    const record = await readRecord(handle, path);
    const end = Math.min(range?.end ?? Infinity, record.metadata.size);
    const start = Math.min(range?.start ?? 0, end);
    if (start === end) await handle.close();
    return {
      ...toStoredVersion(path, version, record),
      body: read({ handle, path, start, end, signal }),
      [Symbol.asyncDispose]: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

interface Reading {
  readonly handle: FileHandle;
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
}

async function* read(reading: Reading): AsyncGenerator<Uint8Array, void, undefined> {
  const { handle, path, end, signal } = reading;
  let { start } = reading;
  try {
    while (start < end) {
      checkSignal(signal);
      const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - start));
      const { bytesRead } = await must(path, handle.read(chunk, 0, chunk.length, start));
      if (bytesRead === 0) throw corrupt(path);
      start += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
