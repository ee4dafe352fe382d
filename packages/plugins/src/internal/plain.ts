import { byteLength, cut } from "./describe-content.ts";

/** What becomes of a value on its way into a file or a row. */
export interface PlainOptions {
  /** Where texts are cut, in characters. @defaultValue nowhere */
  readonly maxTextLength?: number | undefined;
  /** Whether the value under this name is hidden. @defaultValue none is */
  readonly isSecret?: ((name: string) => boolean) | undefined;
  /** Called for each text that was cut. */
  readonly onCut?: (() => void) | undefined;
}

/** How deep a value is followed. */
const MAX_DEPTH = 32;

/**
 * A copy made of plain objects, lists, texts, numbers, booleans and null, which any format of files or rows can carry: well-formed
 * texts without NUL, the size of files in place of their bytes, nothing for functions and `undefined`.
 */
export function plain(value: unknown, options: PlainOptions = {}, depth = 0): unknown {
  switch (typeof value) {
    case "string":
      return plainText(value, options);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return String(value);
    case "object":
      break;
    default:
      return undefined;
  }
  if (value === null) return null;
  if (depth >= MAX_DEPTH) return "[too deep]";
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Error)
    return { name: value.name, message: plainText(value.message, options) };
  if (Array.isArray(value)) return value.map((item) => plain(item, options, depth + 1) ?? null);
  return plainRecord(value, options, depth);
}

/** The text, cut, well-formed and without NUL: databases refuse others. */
export function plainText(text: string, { maxTextLength, onCut }: PlainOptions = {}): string {
  const clean = text.toWellFormed().replaceAll("\0", "\uFFFD");
  if (maxTextLength === undefined || clean.length <= maxTextLength) return clean;
  onCut?.();
  return cut(clean, maxTextLength);
}

function plainRecord(value: object, options: PlainOptions, depth: number): Record<string, unknown> {
  const isBlob = "mimeType" in value && "data" in value && typeof value.data === "string";
  const entries: [string, unknown][] = [];
  for (const [name, member] of Object.entries(value)) {
    const key = plainText(name);
    if (options.isSecret?.(name)) entries.push([key, "[REDACTED]"]);
    else if (isBlob && name === "data")
      entries.push([key, `[${byteLength(member as string)} bytes]`]);
    else {
      const copy = plain(member, options, depth + 1);
      if (copy !== undefined) entries.push([key, copy]);
    }
  }
  return Object.fromEntries(entries); // defines members: no name is special
}
