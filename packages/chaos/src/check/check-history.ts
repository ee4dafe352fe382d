import type { History } from "../history/operation.ts";
import { acknowledged } from "./acknowledged.ts";
import { conditions } from "./conditions.ts";
import { deletions } from "./deletions.ts";
import { fences } from "./fences.ts";
import { followers } from "./followers.ts";
import { indexed, type IndexedSession } from "./indexed.ts";
import { isolation } from "./isolation.ts";
import { reads } from "./reads.ts";
import { realTimeOrder } from "./real-time-order.ts";
import { sequences } from "./sequences.ts";
import { sharedState } from "./shared-state.ts";
import { unknownOutcomes } from "./unknown-outcomes.ts";
import type { Violation } from "./violation.ts";
import { writerOrder } from "./writer-order.ts";

/** What must hold of each session by itself. */
const OF_A_SESSION: readonly ((of: IndexedSession) => Iterable<Violation>)[] = [
  acknowledged,
  sequences,
  realTimeOrder,
  writerOrder,
  reads,
  fences,
  unknownOutcomes,
  conditions,
  isolation,
  deletions,
];

/** Every place where an invariant does not hold, in O(n log n) of what is in the history. It reads nothing but its input. */
export function checkHistory(history: History): Violation[] {
  const sessions = indexed(history);
  const wrong: Violation[] = [];
  for (const of of sessions.values()) for (const check of OF_A_SESSION) wrong.push(...check(of));
  wrong.push(...sharedState(sessions.values(), history));
  wrong.push(...followers(history.followed, sessions));
  return wrong;
}
