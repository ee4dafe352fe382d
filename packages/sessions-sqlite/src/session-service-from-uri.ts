import { AdkError } from "@adk/core";
import { SqliteSessionService } from "./sqlite-session-service.ts";

/**
 * The service of a URI: `sqlite:path`, `sqlite:///absolute/path`, `sqlite::memory:`. What `createSessionService` of core calls.
 *
 * `sqlite:///./path` is relative and `sqlite:////path` absolute, as in Python. Percent signs encode: `%20` is a space.
 */
export async function sessionServiceFromUri(uri: string): Promise<SqliteSessionService> {
  return await SqliteSessionService.connect({ path: pathOf(uri) });
}

function pathOf(uri: string): string {
  const rest = /^sqlite:(.*)$/is.exec(uri)?.[1] ?? "";
  // `sqlite://` alone is in memory, as in Python.
  const [, host = "", path = ""] = /^\/\/([^/]*)(.*)$/s.exec(rest) ?? ["", "", rest];
  if (host !== "") throw invalid("names a host");
  if (/[?#]/.test(path))
    throw invalid("has options, which go to `SqliteSessionService.connect({ path, … })`");
  if (path === "" && rest !== "//") throw invalid("names no file");
  if (rest === "//" || path === ":memory:" || path === "/:memory:") return ":memory:";
  try {
    return decodeURIComponent(path).replace(/^\/(?=\.{0,2}\/)/, "");
  } catch {
    throw invalid("has a percent sign that encodes nothing");
  }
}

function invalid(problem: string): AdkError {
  return new AdkError(
    "INVALID_ARGUMENT",
    `The SQLite URI ${problem}. Write sqlite:path/to/file, sqlite:///absolute/path or sqlite::memory:.`,
  );
}
