import { AdkError } from "../errors.ts";

/** The number itself, when it is a whole one of at least `least`. */
export function checkWholeNumber(member: string, value: unknown, least: number = 0): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `\`${member}\` is ${typeof value === "number" ? value : `a ${typeof value}`}. Give it a whole number from ${least}.`,
  );
}
