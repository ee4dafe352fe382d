import type { AnalyticsRow } from "./analytics-row.ts";

/** Where rows go. */
export interface AnalyticsSink {
  /**
   * Stores all of them, or fails. After a failure, or when the signal fires because it took too long, the same rows come again:
   * store each `row_id` once.
   */
  write(rows: readonly AnalyticsRow[], options: { signal: AbortSignal }): Promise<void>;
  /** Nothing comes any more. What the app opened, the app closes. */
  close?(): Promise<void>;
}
