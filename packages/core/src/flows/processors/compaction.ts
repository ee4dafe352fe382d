import type { RequestProcessor } from "./request-processor.ts";

/** Sums up older events where the request would become too large (`EventsCompactionConfig.tokenThreshold`). */
export const compaction: RequestProcessor = (context) => context.invocation.compact?.(context);
