import type { Part } from "../content/content.ts";
import { decodeBase64 } from "../internal/decode-base64.ts";

const TEXT_TYPES = new Set(["application/csv", "application/json", "application/xml"]);

/** The part as every model can read it: texts decoded, and what models do not take inline said in a sentence. */
export function asPartForModel(part: Part, name: string): Part {
  if (part.inlineData === undefined) return part;
  const { data, mimeType: fullType } = part.inlineData;
  const mimeType = fullType?.split(";")[0]?.trim().toLowerCase() || "application/octet-stream";
  if (/^(image|audio|video)\//.test(mimeType) || mimeType === "application/pdf") return part;
  if (!data)
    return { text: `[Artifact: ${name}, type: ${mimeType}. No inline data was provided.]` };
  if (mimeType.startsWith("text/") || TEXT_TYPES.has(mimeType)) {
    const text = decodeText(data);
    if (text !== undefined) return { text };
  }
  const kilobytes = (data.length * 0.75) / 1024;
  return {
    text: `[Binary artifact: ${name}, type: ${mimeType}, size: ${kilobytes.toFixed(1)} KB. Content cannot be displayed inline.]`,
  };
}

/** `undefined` for what is not base64 of UTF-8. */
function decodeText(data: string): string | undefined {
  const bytes = decodeBase64(data);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
