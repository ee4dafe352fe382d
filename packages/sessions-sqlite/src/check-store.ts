import { statfsSync, statSync } from "node:fs";
import type { Connection } from "./connection.ts";
import { MEMORY } from "./open-database.ts";

/** Something that an administrator should know. */
export interface Problem {
  code: string;
  message: string;
}

/** File systems of other machines: SQLite's locks and shared memory do not work on them. By `f_type` of Linux. */
const NETWORKED: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xfe534d42: "SMB 2",
  0xff534d42: "CIFS",
  0x65735546: "FUSE",
};
const LARGE_LOG_BYTES = 256 * 1024 * 1024;

/** What is wrong with a file and this connection to it. */
export function checkStore(connection: Connection, path: string): Problem[] {
  const problems: Problem[] = [];
  const found = (code: string, message: string): void => void problems.push({ code, message });
  const synchronous = Number(connection.pragma("synchronous"));
  if (synchronous < 2) found("SYNCHRONOUS", "Commits are not synced to the disk.");
  if (path === MEMORY) return problems;
  const mode = connection.pragma("journal_mode");
  if (mode !== "wal")
    found(
      "JOURNAL_MODE",
      `The journal mode is ${mode}, not wal: readers and writers wait for each other. Call \`migrate()\` while nobody else has the file open.`,
    );
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) {
    found("FILE_GONE", "The file was deleted or moved while it is open: restart this process.");
    return problems;
  }
  if (process.platform !== "win32" && (stat.mode & 0o077) !== 0)
    found(
      "FILE_MODE",
      `Others may read the file (mode ${(stat.mode & 0o777).toString(8)}). Set it to 600.`,
    );
  const system = NETWORKED[statfsSync(path).type];
  if (system !== undefined)
    found(
      "NETWORK_FILE_SYSTEM",
      `The file is on ${system}: SQLite's locks are not safe there. Move it to a local disk.`,
    );
  const log = statSync(`${path}-wal`, { throwIfNoEntry: false });
  if (log && log.size > LARGE_LOG_BYTES)
    found(
      "LOG_SIZE",
      `The write-ahead log has ${log.size} bytes: some process holds a read transaction open.`,
    );
  return problems;
}
