import { AdkError, checkOptions, SESSION_SERVICE_OPTIONS, type OptionCheck } from "@adk/core";
import type { SqliteSessionStoreOptions } from "./sqlite-session-store.ts";

const milliseconds: OptionCheck = (value) =>
  Number.isSafeInteger(value) && Number(value) >= 1
    ? undefined
    : "a whole number of milliseconds, at least 1";

/** A row for every option of the store. */
export const STORE_OPTIONS: Readonly<Record<keyof SqliteSessionStoreOptions, OptionCheck>> = {
  path: (value) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? undefined
      : 'the path of a file, or ":memory:"',
  migrations: (value) =>
    value === "auto" || value === "verify" ? undefined : '"auto" or "verify"',
  ttlMs: milliseconds,
  lockTimeoutMs: milliseconds,
  watchIntervalMs: milliseconds,
  clock: SESSION_SERVICE_OPTIONS.clock,
};

/**
 * Checks the options of what has a store inside.
 *
 * @param table a row for every option that the owner has.
 * @throws {@link AdkError} `INVALID_ARGUMENT` that names the option and what was expected.
 */
export function checkStoreOptions(
  owner: string,
  options: SqliteSessionStoreOptions,
  table: Readonly<Record<string, OptionCheck>>,
): void {
  checkOptions(owner, options, table);
  if (options.path === undefined)
    throw new AdkError(
      "INVALID_ARGUMENT",
      `${owner} needs a \`path\`: the path of a file, or ":memory:".`,
      { details: { option: "path" } },
    );
}
