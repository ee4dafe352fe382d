import type { InvocationContext } from "@adk/core";
import type { Recorder } from "./recorder.ts";

/** How many are remembered as recorded. */
const MAX_KNOWN = 10_000;

/**
 * Records the summaries in the loaded log that are not in `known`. No hook sees them: they are stored beside runs and between
 * them, and the next run finds them. Another process may find the same ones: their row has the same id there.
 *
 * @param known ids of rows that were recorded before; the oldest are forgotten.
 */
export function recordCompactions(
  recorder: Recorder,
  context: InvocationContext,
  { parentSpanId, known }: { parentSpanId: string; known: Set<string> },
): void {
  const { session } = context;
  for (const event of session.events) {
    const { compaction } = event.actions;
    const rowId = `compaction:${session.incarnation}:${event.id}`;
    if (compaction === undefined || known.has(rowId)) continue;
    known.add(rowId);
    const [oldest] = known;
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
    recorder.record("EVENT_COMPACTION", context, {
      rowId,
      spanId: event.id,
      parentSpanId,
      said: () => compaction.compactedContent,
      attributes: {
        start_timestamp: compaction.startTimestamp,
        end_timestamp: compaction.endTimestamp,
        sequences: event.compactedSequences,
      },
    });
  }
}
