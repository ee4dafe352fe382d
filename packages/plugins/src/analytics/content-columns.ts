import type { Content } from "@adk/core";
import { plain, plainText, type PlainOptions } from "../internal/plain.ts";
import type { AnalyticsContentPart } from "./analytics-row.ts";

/** The parts of a content as a row has them: texts, calls and responses as text, files by their address, never their bytes. */
export function contentParts(
  content: Content | undefined,
  options: PlainOptions,
): AnalyticsContentPart[] {
  return (content?.parts ?? []).map((part, index): AnalyticsContentPart => {
    const { inlineData, fileData } = part;
    const nothing = { part_index: index, mime_type: null, uri: null, text: null };
    if (inlineData)
      return { ...nothing, mime_type: inlineData.mimeType ?? null, storage_mode: "OMITTED" };
    if (fileData)
      return {
        ...nothing,
        mime_type: fileData.mimeType ?? null,
        uri: fileData.fileUri === undefined ? null : plainText(fileData.fileUri),
        storage_mode: "EXTERNAL",
      };
    if (part.text !== undefined)
      return {
        ...nothing,
        mime_type: "text/plain",
        text: plainText(part.text, options),
        storage_mode: "INLINE",
      };
    return {
      ...nothing,
      mime_type: "application/json",
      text: plainText(JSON.stringify(plain(part, options)), options),
      storage_mode: "INLINE",
    };
  });
}

/** The texts of a content, thoughts left out. */
export function textOf(content: Content | undefined): string {
  return (content?.parts ?? [])
    .flatMap(({ text, thought }) => (text === undefined || thought ? [] : [text]))
    .join("");
}
