const MAX_BYTES = 512;

/**
 * What keeps `value` from being an id (of an app, a user, a session) or a name; `undefined` when it is one: 1–512 bytes of
 * well-formed UTF-8 without NUL. Ids are compared byte by byte: `A` and `a` are two.
 */
export function idProblem(value: unknown): string | undefined {
  if (typeof value !== "string") return "is not a string";
  if (value === "") return "is empty";
  if (!value.isWellFormed()) return "has a lone surrogate";
  if (value.includes("\0")) return "has a NUL character";
  return isTooLong(value) ? `is longer than ${MAX_BYTES} bytes` : undefined;
}

/** Whether the UTF-8 form of a well-formed string exceeds what an id may have. */
export function isTooLong(value: string): boolean {
  if (value.length > MAX_BYTES) return true;
  // A UTF-16 unit takes three bytes at the most: ids as people write them are not encoded to be counted.
  return value.length * 3 > MAX_BYTES && new TextEncoder().encode(value).length > MAX_BYTES;
}
