import type { Append } from "../history/operation.ts";
import { placed, type IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/**
 * I3: an append that returned before another worker's was invoked stands before it.
 *
 * From the end of the log to its start, with the earliest return of what stands behind: of two workers, as a worker's own
 * order is another invariant's.
 */
export function* realTimeOrder(of: IndexedSession): Generator<Violation> {
  const all = [...placed(of)].toSorted((left, right) => right.sequence - left.sequence);
  let first: Append | undefined;
  let firstOfAnother: Append | undefined;
  for (const { append } of all) {
    const behind = first?.worker === append.worker ? firstOfAnother : first;
    if (behind && behind.return < append.invoke)
      yield {
        invariant: "I3",
        kind: "out-of-order",
        session: of.session,
        words: `${behind.eventId} returned before ${append.eventId} was invoked, and stands behind it`,
      };
    if (append.outcome !== "ok") continue;
    if (!first || append.return < first.return) {
      if (first && first.worker !== append.worker) firstOfAnother = first;
      first = append;
    } else if (
      append.worker !== first.worker &&
      (!firstOfAnother || append.return < firstOfAnother.return)
    )
      firstOfAnother = append;
  }
}
