import { AdkError } from "../errors.ts";
import { copyJson } from "../internal/json.ts";
import type { PartMetadata } from "./part-codec.ts";

/**
 * Puts a private copy of `customMetadata` into a description.
 *
 * @throws {@link AdkError} `NOT_SERIALIZABLE`, with the path, for what JSON cannot carry; `METADATA_TOO_LARGE` when it and the
 * display name have more than `maxBytes` bytes as JSON.
 */
export function addCustomMetadata(
  metadata: PartMetadata,
  customMetadata: unknown,
  maxBytes: number,
): void {
  if (customMetadata !== undefined) {
    const copy = copyJson(customMetadata, { path: "customMetadata" });
    if (typeof copy !== "object" || copy === null || Array.isArray(copy))
      throw new AdkError(
        "INVALID_ARGUMENT",
        '`customMetadata` is not an object. Give it names and JSON values: { source: "upload" }.',
      );
    if (Object.keys(copy).length > 0) metadata.custom = copy;
  }
  const { custom, displayName } = metadata;
  if (custom === undefined && displayName === undefined) return;
  const size = new TextEncoder().encode(JSON.stringify({ custom, displayName })).length;
  if (size > maxBytes)
    throw new AdkError(
      "METADATA_TOO_LARGE",
      `\`customMetadata\` and \`displayName\` have ${size} bytes as JSON; ${maxBytes} are allowed. Save the rest as an artifact of its own.`,
      { details: { size, maxBytes } },
    );
}
