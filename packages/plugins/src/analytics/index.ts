/** `@adk/plugins/analytics`: a row for each step of every run, for reports. */
export type { AnalyticsPluginOptions } from "./analytics-options.ts";
export { AnalyticsPlugin } from "./analytics-plugin.ts";
export type { AnalyticsContentPart, AnalyticsEventType, AnalyticsRow } from "./analytics-row.ts";
export type { AnalyticsSink } from "./analytics-sink.ts";
export { JsonLinesSink, type JsonLinesSinkOptions } from "./json-lines-sink.ts";
export {
  PostgresSink,
  type PostgresSinkClient,
  type PostgresSinkConnection,
  type PostgresSinkOptions,
  type PostgresSinkQuery,
} from "./postgres-sink.ts";
export type { AnalyticsStats, RowQueueOptions } from "./row-queue.ts";
