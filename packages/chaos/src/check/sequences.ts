import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I2: the sequences of a session are exactly 1 to its last; what a read once saw is still there, and the same. */
export function* sequences({ session, log, reads }: IndexedSession): Generator<Violation> {
  if (!log) return;
  const wrong = (words: string): Violation => ({ invariant: "I2", session, words });
  for (const [index, { sequence, id }] of log.events.entries())
    if (sequence !== index + 1) {
      yield wrong(`${id} stands at ${sequence} where ${index + 1} follows`);
      break;
    }
  const last = log.events.at(-1)?.sequence ?? 0;
  if (log.lastSequence !== last)
    yield wrong(`its last sequence is ${log.lastSequence}, its last event stands at ${last}`);
  const at = new Map(log.events.map((event) => [event.sequence, event]));
  for (const { incarnation, found } of reads) {
    if (!found || incarnation !== log.incarnation) continue;
    for (const { sequence, id, data } of found.events) {
      const now = at.get(sequence);
      if (now?.id === id && now.data === data) continue;
      const then = `${id} was read at ${sequence}`;
      yield wrong(
        now
          ? `${then}, where ${now.id} stands now or with other bytes`
          : `${then}, where nothing is now`,
      );
      break;
    }
  }
}
