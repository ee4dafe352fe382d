import { AdkError, type ArtifactMetadata } from "@adk/core";
import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { must } from "./disk.ts";

/** What stands behind the bytes of a version, in the same file. */
export interface VersionRecord {
  /** The artifact's name: long ones are only a hash in the path. */
  readonly filename: string;
  /** Of the save that made it; a copy keeps it. */
  readonly writeId: string;
  /** Milliseconds since the Unix epoch. */
  readonly createTime: number;
  readonly metadata: ArtifactMetadata;
}

/** The last bytes of the file: the record's length and its CRC-32 in eight hexadecimal digits each, and these. */
const MAGIC = "adk-art1";
const FOOTER_BYTES = 16 + MAGIC.length;
/** Most records are shorter. */
const TAIL_BYTES = 2_048;

/** What comes after the bytes. */
export function encodeRecord(record: VersionRecord): Uint8Array {
  const json = Buffer.from(JSON.stringify(record));
  return Buffer.concat([json, Buffer.from(hex(json.length) + hex(crc32(json)) + MAGIC)]);
}

/**
 * The record of a version's file.
 *
 * @throws {@link AdkError} `ARTIFACT_CORRUPT` for a file that this package did not write, or that has changed since.
 */
export async function readRecord(handle: FileHandle, path: string): Promise<VersionRecord> {
  const { size } = await must(path, handle.stat());
  let tail = await readAt(handle, path, Math.max(0, size - TAIL_BYTES), size);
  const footer = tail.subarray(-FOOTER_BYTES).toString("latin1");
  const length = Number.parseInt(footer.slice(0, 8), 16);
  const whole = length + FOOTER_BYTES;
  if (!footer.endsWith(MAGIC) || !(whole <= size)) throw corrupt(path);
  if (whole > tail.length) tail = await readAt(handle, path, size - whole, size);
  const json = tail.subarray(tail.length - whole, tail.length - FOOTER_BYTES);
  if (footer.slice(8, 16) !== hex(crc32(json))) throw corrupt(path);
  const record = parseRecord(json.toString());
  // Right by its CRC, and still another program's.
  if (record?.metadata?.size !== size - whole) throw corrupt(path);
  return record;
}

function parseRecord(json: string): VersionRecord | undefined {
  try {
    return JSON.parse(json) as VersionRecord;
  } catch {
    return undefined;
  }
}

async function readAt(
  handle: FileHandle,
  path: string,
  start: number,
  end: number,
): Promise<Buffer<ArrayBuffer>> {
  const buffer = Buffer.alloc(end - start);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await must(
      path,
      handle.read(buffer, filled, buffer.length - filled, start + filled),
    );
    if (bytesRead === 0) throw corrupt(path);
    filled += bytesRead;
  }
  return buffer;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

/** The file has changed since it was written. */
export function corrupt(path: string): AdkError {
  return new AdkError(
    "ARTIFACT_CORRUPT",
    `${JSON.stringify(path)} is not as @adk/artifacts-fs wrote it. Restore it from a backup, or load an older version.`,
    { details: { path } },
  );
}
