import { AdkError } from "@adk/core";
import type { SqliteSessionStoreOptions } from "./sqlite-session-store.ts";

/** What each option must be, in words; `undefined` when it is that. */
const CHECKS: Readonly<Record<keyof SqliteSessionStoreOptions, (value: unknown) => unknown>> = {
  path: (value) =>
    typeof value === "string" && value !== "" && !value.includes("\0")
      ? undefined
      : 'the path of a file, or ":memory:"',
  migrations: (value) =>
    value === "auto" || value === "verify" ? undefined : '"auto" or "verify"',
  ttlMs: wholeNumber,
  lockTimeoutMs: wholeNumber,
  watchIntervalMs: wholeNumber,
  clock: (value) =>
    typeof value === "object" && value !== null && "now" in value && "after" in value
      ? undefined
      : "a clock with `now` and `after`",
};

/** @throws {@link AdkError} `INVALID_ARGUMENT` that names the option and what was expected. */
export function checkStoreOptions(owner: string, options: SqliteSessionStoreOptions): void {
  if (typeof options !== "object" || options === null)
    throw invalid(`${owner} takes an object with its options: { path: "sessions.db" }.`);
  for (const name of Object.keys(options))
    if (!Object.hasOwn(CHECKS, name))
      throw invalid(
        `${owner} has no option \`${name}\`. It knows: ${Object.keys(CHECKS).toSorted().join(", ")}.`,
      );
  for (const [name, check] of Object.entries(CHECKS)) {
    const value: unknown = options[name as keyof SqliteSessionStoreOptions];
    const expected = value === undefined && name !== "path" ? undefined : check(value);
    if (expected !== undefined) throw invalid(`${owner}: \`${name}\` must be ${String(expected)}.`);
  }
}

function wholeNumber(value: unknown): string | undefined {
  return Number.isSafeInteger(value) && Number(value) >= 1
    ? undefined
    : "a whole number of milliseconds, at least 1";
}

function invalid(message: string): AdkError {
  return new AdkError("INVALID_ARGUMENT", message);
}
