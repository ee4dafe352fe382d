import type { SecretPattern } from "./redaction-options.ts";

/** A part of a text: from `start` up to, and without, `end`, in UTF-16 code units. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the patterns match at or behind `from`: in order, apart from each other; what overlaps is one span. */
export function findSecrets(
  text: string,
  patterns: readonly SecretPattern[],
  from: number = 0,
): Span[] {
  const found: Span[] = [];
  for (const { pattern } of patterns) {
    pattern.lastIndex = from;
    for (const { 0: match, index } of text.matchAll(pattern))
      // A match of nothing, between two characters, hides nothing.
      if (match !== "") found.push({ start: index, end: index + match.length });
  }
  found.sort((left, right) => left.start - right.start || left.end - right.end);
  const merged: Span[] = [];
  for (const span of found) {
    const last = merged.at(-1);
    if (last && span.start < last.end)
      merged[merged.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    else merged.push(span);
  }
  return merged;
}

/** The text from `from` up to `to` with the replacement in place of the spans in it. */
export function replaceSpans(
  text: string,
  spans: readonly Span[],
  replacement: string,
  from: number = 0,
  to: number = text.length,
): string {
  let result = "";
  let at = from;
  for (const { start, end } of spans) {
    if (start < from || start >= to) continue;
    result += text.slice(at, start) + replacement;
    at = end;
  }
  return result + text.slice(at, Math.max(at, to));
}
