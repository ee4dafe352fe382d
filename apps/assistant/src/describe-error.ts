import { AdkError } from "@adk/core";

/** An error in one line without control characters: an `AdkError` with its code, and with what its cause says. */
export function describeError(error: unknown): string {
  return words(error)
    .replace(/\s*\n\s*/g, " ")
    .replace(/\p{Cc}/gu, "");
}

function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!AdkError.isInstance(error)) return `${error.name}: ${error.message}`;
  const cause = error.cause instanceof Error ? error.cause.message.trim() : "";
  return `${error.code}: ${error.message}${cause ? ` (${cause})` : ""}`;
}
