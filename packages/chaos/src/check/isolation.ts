import type { IndexedSession } from "./indexed.ts";
import type { Violation } from "./violation.ts";

/** I10: a session holds, and shows, what was sent to it and nothing else. */
export function* isolation({ session, log, appends, reads }: IndexedSession): Generator<Violation> {
  const wrong = (words: string): Violation => ({ invariant: "I10", session, words });
  for (const { id, sequence } of log?.events ?? [])
    if (!appends.has(id)) yield wrong(`holds ${id} at ${sequence}, which nobody sent to it`);
  for (const { worker, found } of reads)
    for (const { id } of found?.events ?? [])
      if (!appends.has(id)) yield wrong(`showed ${worker} ${id}, which nobody sent to it`);
}
