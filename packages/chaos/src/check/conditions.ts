import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I9: an append that expects a last sequence succeeds if and only if the log stood there: of several, one wins. */
export function* conditions(of: IndexedSession): Generator<Violation> {
  const { session, log, appends, places } = of;
  if (!log) return;
  const wrong = (words: string): Violation => ({ invariant: "I9", session, words });
  const idAt = new Map(log.events.map(({ sequence, id }) => [sequence, id]));
  for (const append of appends.values()) {
    const { eventId, expected, incarnation } = append;
    if (expected === undefined || incarnation !== log.incarnation) continue;
    const sequence = places.get(eventId)?.[0];
    if (sequence !== undefined && sequence !== expected + 1)
      yield wrong(`${eventId} expected ${expected} and was stored at ${sequence}`);
    if (append.outcome !== "fail" || append.code !== "SESSION_CONFLICT") continue;
    const winner = appends.get(idAt.get(expected + 1) ?? "");
    if (!winner || winner.invoke > append.return)
      yield wrong(`${eventId} expected ${expected}, where the log stood, and was refused`);
  }
}
