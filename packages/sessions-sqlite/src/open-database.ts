import { AdkError } from "@adk/core";
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  statSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { Connection } from "./connection.ts";
import { Database } from "./database.ts";
import { cleaned, storeError } from "./errors.ts";
import { isOld, migrateSchema, readVersion, schemaIsOld } from "./schema.ts";

export interface OpenDatabaseOptions {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** `auto` makes and updates file and schema; `verify` writes nothing. */
  readonly migrations: "auto" | "verify";
  readonly lockTimeoutMs: number;
}

/** The path of a database that lives in memory only. */
export const MEMORY = ":memory:";

/**
 * Opens the file, makes it (mode 0600) and its schema where that is wanted, and sets what is set for each connection.
 *
 * A file of another program, or of a version that this code does not know, is refused before anything is written.
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const { path, migrations, lockTimeoutMs } = options;
  const isAuto = migrations === "auto";
  if (path !== MEMORY) prepareFile(path, isAuto);
  let connection: Connection | undefined;
  try {
    connection = connect(path);
    const database = new Database(connection, { file: path, lockTimeoutMs });
    // Of one moment: another process may be making the schema just now.
    const version = await database.read((each) => readVersion(each, path));
    if (!isAuto && isOld(version)) throw schemaIsOld(path, version);
    if (isAuto && path !== MEMORY)
      await database.call((each) => {
        if (each.pragma("journal_mode") !== "wal") each.pragma("journal_mode = wal");
      });
    connection.execute(SETTINGS);
    if (isAuto && isOld(version)) await migrateDatabase(database, path);
    return database;
  } catch (error) {
    connection?.close();
    throw openError(error, path);
  }
}

function connect(path: string): Connection {
  try {
    return new Connection(path);
  } catch (error) {
    throw storeError(error, path, false);
  }
}

/** Every acknowledged commit is on the disk; the log of a busy time gives its space back; what is deleted is overwritten. */
const SETTINGS = /* sql */ `
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 1000;
PRAGMA journal_size_limit = 33554432;
PRAGMA cache_size = -8192;
PRAGMA temp_store = MEMORY;
PRAGMA trusted_schema = OFF;
PRAGMA secure_delete = ON;
`;

export async function migrateDatabase(database: Database, file: string): Promise<void> {
  await database.write((connection) => migrateSchema(connection, file));
}

/** SQLite gives its -wal and -shm files the mode of the database. */
function prepareFile(path: string, isAuto: boolean): void {
  if (existsSync(path)) return;
  if (!isAuto) throw schemaIsOld(path, 0);
  try {
    makeFolder(dirname(resolve(path)));
    // Only a file that is new: closing one that is open elsewhere in this process would drop its locks.
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError(error, path);
  }
}

/** One after the other: Node's own recursion never ends in a folder that takes none, as /proc does. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** Why SQLite cannot open the file: the file system knows. */
function openError(error: unknown, path: string): unknown {
  const isUnclear = AdkError.isInstance(error) && error.details["sqliteCode"] === SQLITE_CANTOPEN;
  if (!isUnclear || path === MEMORY) return error;
  try {
    if (statSync(path).isDirectory()) return misconfigured(path, "is a folder", error.cause);
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(dirname(resolve(path)), constants.W_OK);
    return error;
  } catch (reason) {
    return fileError(reason, path);
  }
}

const SQLITE_CANTOPEN = 14;

/** What the file system said, in core's words. */
function fileError(error: unknown, path: string): unknown {
  if (AdkError.isInstance(error)) return error;
  const { code = "" } = error as NodeJS.ErrnoException;
  const cause = cleaned(error);
  if (["EACCES", "EPERM", "EROFS"].includes(code))
    return new AdkError(
      "PERMISSION_DENIED",
      `${JSON.stringify(path)} may not be opened. Give this process access to the file and to its folder.`,
      { cause, details: { reason: "read-only", committed: false } },
    );
  if (code === "ENOSPC")
    return new AdkError(
      "STORE_FULL",
      `${JSON.stringify(path)} cannot be made: the disk is full. Make room and try again.`,
      { cause, details: { reason: "disk-full", committed: false } },
    );
  return misconfigured(path, "cannot be opened", cause);
}

function misconfigured(path: string, problem: string, cause: unknown): AdkError {
  return new AdkError(
    "MISCONFIGURED",
    `${JSON.stringify(path)} ${problem}. Name a file in a folder that exists or can be made.`,
    { cause, details: { reason: "path", committed: false } },
  );
}
