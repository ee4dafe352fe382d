import { AdkError } from "@adk/core";

/** An error in one line without control characters: an `AdkError` with its code, and with what its causes say. */
export function describeError(error: unknown): string {
  return words(error)
    .replace(/\s*\n\s*/g, " ")
    .replace(/\p{Cc}/gu, "");
}

function words(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!AdkError.isInstance(error)) return `${error.name}: ${error.message}`;
  const causes = causesOf(error).join(": ");
  return `${error.code}: ${error.message}${causes ? ` (${causes})` : ""}`;
}

/** What `fetch` throws says nothing itself, and its cause all; where several addresses were tried, only a code. */
function causesOf({ cause }: Error): string[] {
  if (!(cause instanceof Error)) return [];
  const { message, code } = cause as NodeJS.ErrnoException;
  const said = message.trim() || code;
  return [...(said === undefined ? [] : [said]), ...causesOf(cause)];
}
