import { AdkError } from "@adk/core";
import type { Connection } from "./connection.ts";

/**
 * Whether the client is in the database that it was made for: one that cannot select it says so by an `error` event, and
 * goes on in database 0.
 *
 * @throws {@link AdkError} `MISCONFIGURED`, before anything is read or written there.
 */
export async function checkDatabase(connection: Connection): Promise<void> {
  const { driver } = connection;
  const wanted = Number(driver.options["db"] ?? 0);
  if (driver.isCluster || wanted === 0) return;
  const info = String(await connection.ask(["client", "info"]));
  const found = Number(/(?:^| )db=(\d+)/.exec(info)?.[1]);
  if (found === wanted) return;
  throw new AdkError(
    "MISCONFIGURED",
    `The client is in database ${found}, not in ${wanted}: the server has no such database (\`databases\`), or the user may not SELECT it. Name one that it may.`,
    { details: { found, wanted, committed: false } },
  );
}
