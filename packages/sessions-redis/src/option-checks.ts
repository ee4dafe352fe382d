import type { OptionCheck } from "@adk/core";

/** A whole number within bounds, inclusive. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): OptionCheck {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `a whole number from ${min} to ${max === Number.MAX_SAFE_INTEGER ? "2^53-1" : max}`;
}

/** One of some texts. */
export function oneOf(...values: readonly string[]): OptionCheck {
  return (value) =>
    values.includes(value as string)
      ? undefined
      : `one of ${values.map((text) => JSON.stringify(text)).join(", ")}`;
}

/** What begins every key: not empty, and without what would make it a hash tag. */
export const keyPrefix: OptionCheck = (value) =>
  typeof value === "string" && /^[^{}\0]{1,256}$/.test(value) && value.isWellFormed()
    ? undefined
    : "a text of 1 to 256 characters without `{`, `}` and NUL";

/** `{ replicas, localFsync }`. */
export const durability: OptionCheck = (value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return DURABILITY;
  const { replicas = 0, localFsync = false, ...rest } = value as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `${DURABILITY}, and has no \`${unknown}\``;
  return typeof localFsync === "boolean" &&
    Number.isSafeInteger(replicas) &&
    (replicas as number) >= 0 &&
    (replicas as number) <= 100
    ? undefined
    : DURABILITY;
};

const DURABILITY = "an object with `replicas` (0 to 100) and `localFsync` (a boolean)";
