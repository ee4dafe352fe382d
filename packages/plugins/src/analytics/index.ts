/** `@adk/plugins/analytics`: a row for each step of every run, for reports. */
export { AnalyticsPlugin, type AnalyticsPluginOptions } from "./analytics-plugin.ts";
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
