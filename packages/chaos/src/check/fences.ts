import { placed, type IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I7: after a lease was granted nothing is written under an earlier one. */
export function* fences(of: IndexedSession): Generator<Violation> {
  const { session, grants, log } = of;
  const ofThisLife = grants
    .filter(({ incarnation }) => incarnation === log?.incarnation)
    .toSorted((left, right) => left.epoch - right.epoch);
  for (const { append, sequence } of placed(of)) {
    const { epoch, eventId } = append;
    if (epoch === undefined) continue;
    const next = ofThisLife[countUpTo(ofThisLife, epoch)];
    if (next && sequence > next.lastSequence)
      yield {
        invariant: "I7",
        session,
        words: `${eventId} was written at ${sequence} under the lease of epoch ${epoch}, when ${next.epoch} was granted at ${next.lastSequence}`,
      };
  }
}

/** How many grants have this epoch or an earlier one. */
function countUpTo(grants: readonly { readonly epoch: number }[], epoch: number): number {
  let low = 0;
  let high = grants.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((grants[middle]?.epoch ?? Infinity) <= epoch) low = middle + 1;
    else high = middle;
  }
  return low;
}
