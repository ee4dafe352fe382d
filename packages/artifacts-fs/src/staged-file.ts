import type { SaveCommand } from "@adk/core";
import type { FileHandle } from "node:fs/promises";
import { createFile, must, removeAll } from "./disk.ts";
import { checkSignal } from "./errors.ts";
import { encodeRecord, type VersionRecord } from "./record.ts";

/** Between two pieces others get a turn, and the signal is looked at. */
const PIECE_BYTES = 1_048_576;

/** What this process is writing: a purge leaves it alone, however old it is. */
const inUse = new Set<string>();

export function isInUse(path: string): boolean {
  return inUse.has(path);
}

/** Keeps a path from being purged until it is disposed of. */
export function use(path: string): Disposable {
  inUse.add(path);
  return { [Symbol.dispose]: () => void inUse.delete(path) };
}

/** Removes what was staged. It is in nobody's way: when that fails, a purge will do it. */
export async function discard(path: string): Promise<void> {
  await removeAll(path).catch(() => undefined);
}

/**
 * Writes a body and its record into a file that nobody sees yet, and syncs it.
 *
 * @returns the record. When reading the body fails, its error is thrown unchanged.
 */
export async function stageFile(
  path: string,
  command: SaveCommand,
  now: () => number,
  signal: AbortSignal | undefined,
): Promise<VersionRecord> {
  const { filename, writeId, body } = command;
  const handle = await createFile(path);
  try {
    for await (const piece of body) await append(handle, path, piece, signal);
    const metadata = { ...command.metadata, size: body.size, sha256: body.sha256 };
    const record = { filename, writeId, createTime: now(), metadata };
    await append(handle, path, encodeRecord(record), signal);
    await must(path, handle.sync());
    return record;
  } finally {
    await handle.close();
  }
}

/** A version without bytes, synced. */
export async function stageRecord(path: string, record: VersionRecord): Promise<void> {
  const handle = await createFile(path);
  try {
    await append(handle, path, encodeRecord(record), undefined);
    await must(path, handle.sync());
  } finally {
    await handle.close();
  }
}

async function append(
  handle: FileHandle,
  path: string,
  bytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let start = 0; start < bytes.length;) {
    checkSignal(signal);
    const length = Math.min(PIECE_BYTES, bytes.length - start);
    start += (await must(path, handle.write(bytes, start, length))).bytesWritten;
  }
}
