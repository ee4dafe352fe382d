import { AdkError } from "@adk/core";
import { describe, expect, it } from "vitest";
import { isBusy, storeError } from "./errors.ts";

/** An error as `node:sqlite` throws it. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error("what SQLite says"), { code: "ERR_SQLITE_ERROR", errcode });
}

describe("storeError", () => {
  it.each([
    ["SQLITE_ERROR", 1, "SCHEMA_MISMATCH", "schema", false],
    ["SQLITE_PERM", 3, "PERMISSION_DENIED", "read-only", false],
    ["SQLITE_BUSY", 5, "TIMEOUT", "locked", true],
    ["SQLITE_BUSY_RECOVERY", 261, "TIMEOUT", "locked", true],
    ["SQLITE_BUSY_SNAPSHOT", 517, "TIMEOUT", "locked", true],
    ["SQLITE_LOCKED", 6, "TIMEOUT", "locked", true],
    ["SQLITE_NOMEM", 7, "UNAVAILABLE", "memory", true],
    ["SQLITE_READONLY", 8, "PERMISSION_DENIED", "read-only", false],
    ["SQLITE_READONLY_DIRECTORY", 1544, "PERMISSION_DENIED", "read-only", false],
    ["SQLITE_IOERR", 10, "UNAVAILABLE", "io", true],
    ["SQLITE_IOERR_FSYNC", 1034, "UNAVAILABLE", "io", true],
    ["SQLITE_CORRUPT", 11, "STORE_CORRUPT", "corrupt", false],
    ["SQLITE_CORRUPT_INDEX", 779, "STORE_CORRUPT", "corrupt", false],
    ["SQLITE_FULL", 13, "STORE_FULL", "disk-full", false],
    ["SQLITE_IOERR_SHMSIZE", 4874, "STORE_FULL", "disk-full", false],
    ["SQLITE_CANTOPEN", 14, "UNAVAILABLE", "cannot-open", true],
    ["SQLITE_PROTOCOL", 15, "TIMEOUT", "locked", true],
    ["SQLITE_TOOBIG", 18, "INVALID_ARGUMENT", "too-big", false],
    ["SQLITE_CONSTRAINT_UNIQUE", 2067, "SCHEMA_MISMATCH", "schema", false],
    ["SQLITE_AUTH", 23, "PERMISSION_DENIED", "read-only", false],
    ["SQLITE_NOTADB", 26, "MISCONFIGURED", "not-a-database", false],
    ["one that is not known", 99, "UNAVAILABLE", "io", true],
  ])("%s (%i) is %s", (_name, errcode, code, reason, retryable) => {
    const error = storeError(sqliteError(errcode), "/data/x.db", "unknown");
    expect(AdkError.isInstance(error)).toBe(true);
    expect(error).toMatchObject({
      code,
      retryable,
      details: { reason, sqliteCode: errcode, committed: "unknown" },
      cause: { name: "SqliteError", code: errcode, message: "what SQLite says" },
    });
    expect((error as Error).message).toMatch(/^"\/data\/x\.db" .*\.$/);
  });

  it("leaves what is not SQLite's", () => {
    const mistake = new TypeError("x is not a function");
    expect(storeError(mistake, "x", false)).toBe(mistake);
    const known = new AdkError("CLOSED", "Closed.");
    expect(storeError(known, "x", false)).toBe(known);
    expect(isBusy(mistake)).toBe(false);
    expect(isBusy(sqliteError(261))).toBe(true);
  });
});
