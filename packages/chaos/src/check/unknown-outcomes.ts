import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I8: what ended unknown is stored once or not at all, what was refused is not. */
export function* unknownOutcomes({
  session,
  appends,
  places,
}: IndexedSession): Generator<Violation> {
  for (const { eventId, outcome, code } of appends.values()) {
    const found = places.get(eventId) ?? [];
    if (outcome === "unknown" && found.length > 1)
      yield {
        invariant: "I8",
        kind: "duplicated",
        session,
        words: `${eventId} ended unknown and is stored at ${found.join(" and ")}`,
      };
    if (outcome === "fail" && found.length > 0)
      yield {
        invariant: "I8",
        session,
        words: `${eventId} was refused (${code}) and is stored at ${found.join(" and ")}`,
      };
  }
}
