import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I12: a deleted session is not found, not written to, and not continued by its successor. */
export function* deletions(of: IndexedSession): Generator<Violation> {
  const { session, log, appends, reads } = of;
  const wrong = (words: string): Violation => ({ invariant: "I12", session, words });
  const deletedAt = new Map(
    of.deletions.flatMap(({ incarnation, outcome, return: time }) =>
      outcome === "ok" ? [[incarnation, time]] : [],
    ),
  );
  const isAfter = (incarnation: string, invoke: number): boolean =>
    invoke > (deletedAt.get(incarnation) ?? Infinity);
  for (const { incarnation, invoke, worker, found } of reads)
    if (found && isAfter(incarnation, invoke)) yield wrong(`${worker} found it after its deletion`);
  for (const { incarnation, invoke, outcome, eventId } of appends.values())
    if (outcome === "ok" && isAfter(incarnation, invoke))
      yield wrong(`${eventId} was accepted after the deletion`);
  if (!log) return;
  if (deletedAt.has(log.incarnation)) yield wrong("it is there after its deletion");
  for (const { id } of log.events) {
    const meant = appends.get(id)?.incarnation;
    if (meant !== undefined && meant !== log.incarnation)
      yield wrong(`${id} was sent to an earlier life of it`);
  }
}
