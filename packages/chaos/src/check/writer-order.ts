import { placed, type IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I4: a worker's own appends stand in its order. */
export function* writerOrder(of: IndexedSession): Generator<Violation> {
  const last = new Map<string, { eventId: string; sequence: number }>();
  const inOrder = [...placed(of)].toSorted(
    (left, right) => left.append.invoke - right.append.invoke,
  );
  for (const { append, sequence } of inOrder) {
    const { worker, eventId } = append;
    const before = last.get(worker);
    if (before && sequence < before.sequence)
      yield {
        invariant: "I4",
        kind: "out-of-order",
        session: of.session,
        words: `${worker} sent ${before.eventId} before ${eventId}; they stand at ${before.sequence} and ${sequence}`,
      };
    last.set(worker, { eventId, sequence });
  }
}
