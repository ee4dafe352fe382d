import type { Followed } from "../history/operation.ts";
import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I11: a subscriber gets exactly the sequences after its first, in order, with the stored bytes. */
export function* followers(
  followed: readonly Followed[],
  sessions: ReadonlyMap<string, IndexedSession>,
): Generator<Violation> {
  for (const { worker, session, after, events } of followed) {
    const log = sessions.get(session)?.log;
    const wrong = (words: string): Violation => ({ invariant: "I11", session, words });
    const stored = new Map(log?.events.map((event) => [event.sequence, event]));
    for (const [index, { sequence, id, data }] of events.entries()) {
      const due = after + index + 1;
      const there = stored.get(sequence);
      if (sequence === due && there?.id === id && there.data === data) continue;
      yield wrong(
        sequence === due
          ? `${worker} got ${id} at ${sequence}, which is not what is stored there`
          : `${worker} got ${sequence} when ${due} was due`,
      );
      break;
    }
  }
}
