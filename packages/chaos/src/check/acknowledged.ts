import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I1: what was acknowledged is stored exactly once, at the acknowledged sequence, with the bytes that were sent. */
export function* acknowledged(of: IndexedSession): Generator<Violation> {
  const { session, log, appends, places, deletions } = of;
  const wrong = (words: string, kind?: Violation["kind"]): Violation => ({
    invariant: "I1",
    session,
    words,
    ...(kind && { kind }),
  });
  const deleted = new Set(deletions.map(({ incarnation }) => incarnation));
  const data = new Map(log?.events.map((event) => [event.id, event.data]));
  for (const append of appends.values()) {
    if (append.outcome !== "ok" || deleted.has(append.incarnation)) continue;
    const { eventId, sequence } = append;
    const found = places.get(eventId) ?? [];
    if (found.length === 0)
      yield wrong(`${eventId} was acknowledged at ${sequence} and is lost`, "lost");
    else if (found.length > 1)
      yield wrong(
        `${eventId} was acknowledged and is stored at ${found.join(" and ")}`,
        "duplicated",
      );
    else if (found[0] !== sequence)
      yield wrong(`${eventId} was acknowledged at ${sequence} and stands at ${found[0]}`);
    else if (data.get(eventId) !== append.data)
      yield wrong(`${eventId} at ${sequence} is not what was sent`);
  }
}
