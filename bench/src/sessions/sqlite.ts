import { closeSync, openSync, readSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

/** An empty database with a write-ahead log: the peer gets the setting that ours chooses. */
export function walFile(path: string): string {
  using database = new DatabaseSync(path);
  database.exec("pragma journal_mode = wal");
  return path;
}

const FILE_HEADER = 32;
const FRAME_HEADER = 24;

/** Commits that the write-ahead log of a database holds: each was a wait for the disk. */
export function commitsInWal(path: string): number {
  const file = openSync(`${path}-wal`, "r");
  try {
    const header = Buffer.alloc(FILE_HEADER);
    if (readSync(file, header, 0, FILE_HEADER, 0) < FILE_HEADER) return 0;
    const pageSize = header.readUInt32BE(8);
    const frame = Buffer.alloc(FRAME_HEADER);
    let commits = 0;
    for (let at = FILE_HEADER; ; at += FRAME_HEADER + pageSize) {
      if (readSync(file, frame, 0, FRAME_HEADER, at) < FRAME_HEADER) return commits;
      // Frames of an earlier round of the log carry other salts.
      if (frame.compare(header, 16, 24, 8, 16) !== 0) return commits;
      // A commit's last frame says how many pages the database has.
      if (frame.readUInt32BE(4) > 0) commits++;
    }
  } finally {
    closeSync(file);
  }
}
