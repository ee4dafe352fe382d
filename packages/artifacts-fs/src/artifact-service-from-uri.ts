import { AdkError } from "@adk/core";
import { FileArtifactService } from "./file-artifact-service.ts";

/**
 * The service of a URI: `file:path`, `file:///absolute/path`. What `createArtifactService` of core calls.
 *
 * `file:///./path` is relative, as in `sqlite:`. Percent signs encode: `%20` is a space.
 */
export async function artifactServiceFromUri(uri: string): Promise<FileArtifactService> {
  return await FileArtifactService.connect({ path: pathOf(uri) });
}

function pathOf(uri: string): string {
  const rest = /^file:(.*)$/is.exec(uri)?.[1] ?? "";
  const [, host = "", path = ""] = /^\/\/([^/]*)(.*)$/s.exec(rest) ?? ["", "", rest];
  if (host !== "" && host !== "localhost") throw invalid("names another host");
  if (/[?#]/.test(path)) throw invalid("has options, and there are none");
  try {
    const decoded = decodeURIComponent(path).replace(/^\/(?=\.{0,2}\/)/, "");
    if (decoded !== "") return decoded;
  } catch {
    throw invalid("has a percent sign that encodes nothing");
  }
  throw invalid("names no folder");
}

function invalid(problem: string): AdkError {
  return new AdkError(
    "INVALID_ARGUMENT",
    `The file URI ${problem}. Write file:path/to/folder or file:///absolute/path.`,
  );
}
