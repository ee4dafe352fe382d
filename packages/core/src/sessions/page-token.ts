import { AdkError } from "../errors.ts";

/**
 * An opaque page token that says where a page ended; for stores that page by a key.
 *
 * @param kind what it pages, so that a token of another list is refused.
 */
export function encodePageToken(kind: string, position: readonly (string | number)[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify([kind, ...position]));
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/**
 * @param types what {@link encodePageToken} was given, by `typeof`.
 * @throws {@link AdkError} `INVALID_ARGUMENT` when the token is none of that kind.
 */
export function decodePageToken(
  kind: string,
  token: string,
  types: readonly ("string" | "number")[],
): (string | number)[] {
  let parts: unknown;
  try {
    const binary = atob(token.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    parts = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    parts = undefined;
  }
  if (
    !Array.isArray(parts) ||
    parts[0] !== kind ||
    parts.length !== types.length + 1 ||
    !types.every((type, index) => typeof parts[index + 1] === type)
  )
    throw new AdkError(
      "INVALID_ARGUMENT",
      "`pageToken` is not a token of this list. Pass the `nextPageToken` of the page before, with the same filters, or none for the first page.",
    );
  return parts.slice(1) as (string | number)[];
}
