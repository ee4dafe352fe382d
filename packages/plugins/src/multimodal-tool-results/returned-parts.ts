import type { Part } from "@adk/core";

/** Members of a part that a tool may return. */
const MEMBERS: ReadonlySet<string> = new Set([
  "text",
  "inlineData",
  "fileData",
  "mediaResolution",
  "videoMetadata",
  "partMetadata",
]);

/**
 * The parts that a tool has returned: one with a file, or a list of parts of which at least one has a file. Anything else is a
 * result like any other: `{ text: "…" }` alone is one.
 */
export function returnedParts(result: unknown): Part[] | undefined {
  const list: unknown[] = Array.isArray(result) ? result : [result];
  return list.every(isPart) && list.some(hasFile) ? list : undefined;
}

/** Whether the part holds or names a file. */
function hasFile({ inlineData, fileData }: Part): boolean {
  return inlineData !== undefined || fileData !== undefined;
}

function isPart(value: unknown): value is Part {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  const { text, inlineData, fileData } = value as Part;
  return (
    names.length > 0 &&
    names.every((name) => MEMBERS.has(name)) &&
    (typeof text === "string" ||
      typeof inlineData?.data === "string" ||
      typeof fileData?.fileUri === "string")
  );
}
