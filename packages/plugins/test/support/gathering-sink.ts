import type { AnalyticsRow, AnalyticsSink } from "../../src/analytics/index.ts";

/** Keeps rows, each `row_id` once, and counts what it was given. */
export class GatheringSink implements AnalyticsSink {
  readonly rows: Map<string, AnalyticsRow> = new Map();
  readonly batches: number[] = [];
  isClosed = false;

  async write(rows: readonly AnalyticsRow[]): Promise<void> {
    this.batches.push(rows.length);
    for (const row of rows) this.rows.set(row.row_id, row);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  get types(): string[] {
    return [...this.rows.values()].map((row) => row.event_type);
  }

  of(type: string): AnalyticsRow[] {
    return [...this.rows.values()].filter((row) => row.event_type === type);
  }
}
