import type { OptionCheck } from "@adk/core";

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
