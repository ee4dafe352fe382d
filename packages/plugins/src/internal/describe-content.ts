import type { Content, Part } from "@adk/core";

/** How much of what was said a description shows. */
export interface DescribeOptions {
  /** Whether texts, arguments and results are shown, or only how much there is of them. */
  readonly payloads: boolean;
  /** Where texts are cut, in characters. */
  readonly maxTextLength: number;
  /** Where arguments and results are cut, in characters of JSON. */
  readonly maxArgsLength: number;
}

/** One line for a content: a few words for each part. */
export function describeContent(content: Content | undefined, options: DescribeOptions): string {
  const parts = content?.parts ?? [];
  return parts.length === 0
    ? "nothing"
    : parts.map((part) => describePart(part, options)).join(", ");
}

function describePart(part: Part, options: DescribeOptions): string {
  const { functionCall, functionResponse, inlineData, fileData } = part;
  if (functionCall)
    return `call ${functionCall.name}${describeValue(functionCall.args ?? {}, options)}`;
  if (functionResponse)
    return `response of ${functionResponse.name}${describeValue(functionResponse.response ?? {}, options)}`;
  if (inlineData)
    return `file ${inlineData.mimeType ?? "of unknown type"} (${byteLength(inlineData.data)} bytes)`;
  if (fileData) return `reference to a file ${fileData.mimeType ?? "of unknown type"}`;
  if (part.text !== undefined)
    return `${part.thought ? "thought" : "text"} ${describeText(part.text, options)}`;
  return Object.keys(part).join(", ") || "an empty part";
}

/** The text, cut, in quotes; or how long it is. */
export function describeText(text: string, { payloads, maxTextLength }: DescribeOptions): string {
  return payloads
    ? JSON.stringify(cut(text, maxTextLength))
    : `(${text.length} ${text.length === 1 ? "character" : "characters"})`;
}

/** The value as JSON, cut, behind a blank; nothing where payloads are not shown. */
export function describeValue(
  value: unknown,
  { payloads, maxArgsLength }: DescribeOptions,
): string {
  if (!payloads) return "";
  return ` ${cut(JSON.stringify(value) ?? String(value), maxArgsLength)}`;
}

/** At most `max` characters, and a sign that there were more; never half of a surrogate pair. */
export function cut(text: string, max: number): string {
  return text.length <= max
    ? text
    : `${text
        .slice(0, max)
        .toWellFormed()
        .replace(/\uFFFD$/, "")}…`;
}

/** Bytes behind a text in base64. */
export function byteLength(base64: string | undefined = ""): number {
  return Math.floor((base64.replace(/=+$/, "").length * 3) / 4);
}
