import { AdkError } from "@adk/core";
import { closeSync, linkSync, openSync, rmSync } from "node:fs";
import { backup } from "node:sqlite";
import { Connection } from "./connection.ts";
import { cleaned, storeError } from "./errors.ts";

/** Pages that are copied at once. */
const RATE = 256;

/**
 * Copies the database, as it is at this moment, to a new file of mode 0600, while others go on writing.
 *
 * The copy is made beside its place and gets its name when it is whole.
 *
 * @throws {@link AdkError} `FAILED_PRECONDITION` when there is such a file.
 */
export async function backupDatabase(source: string, target: string): Promise<void> {
  const unfinished = `${target}.${process.pid}-${Date.now()}.unfinished`;
  const connection = new Connection(source);
  try {
    closeSync(openSync(unfinished, "wx", 0o600));
    // A read transaction keeps the view: without it every write of others would start the copy anew.
    connection.execute("BEGIN; SELECT 1 FROM sqlite_schema;");
    await backup(connection.database, unfinished, { rate: RATE });
    linkSync(unfinished, target);
  } catch (error) {
    throw backupError(error, target);
  } finally {
    connection.rollback();
    connection.close();
    rmSync(unfinished, { force: true });
  }
}

function backupError(error: unknown, target: string): unknown {
  if (!(error instanceof Error) || !("syscall" in error)) return storeError(error, target, false);
  const { code } = error as NodeJS.ErrnoException;
  const details = { committed: false };
  if (code === "EEXIST")
    return new AdkError(
      "FAILED_PRECONDITION",
      `${JSON.stringify(target)} exists already. Name another file for the backup.`,
      { details },
    );
  return new AdkError("MISCONFIGURED", `${JSON.stringify(target)} cannot be written.`, {
    cause: cleaned(error),
    details,
  });
}
