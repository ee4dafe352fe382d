import { integer } from "@adk/core";
import type { Clock, Logger, OptionCheck, PluginOptions } from "@adk/core";
import { filledText, PLUGIN_OPTIONS } from "../internal/option-checks.ts";
import type { AnalyticsEventType } from "./analytics-row.ts";
import type { AnalyticsSink } from "./analytics-sink.ts";
import type { CurrentSpan } from "./recorder.ts";
import type { RowQueueOptions } from "./row-queue.ts";

/** Where rows go, and what stands in them. */
export interface AnalyticsPluginOptions extends RowQueueOptions, PluginOptions {
  sink: AnalyticsSink;
  /** Whether rows hold what was said, arguments, results, state and messages of errors. @defaultValue true */
  payloads?: boolean | undefined;
  /**
   * Whether each `LLM_REQUEST` row holds the whole conversation again, or only what is new since the model's last answer: the
   * rest stands in earlier rows. @defaultValue false
   */
  wholePrompts?: boolean | undefined;
  /** Where texts are cut, in characters. @defaultValue 500,000 */
  maxTextLength?: number | undefined;
  /** Only these. @defaultValue all */
  eventAllowlist?: readonly AnalyticsEventType[] | undefined;
  /** Not these. @defaultValue none */
  eventDenylist?: readonly AnalyticsEventType[] | undefined;
  /** The span of the app's own tracing that a hook is called in, for `trace_id` and `parent_span_id`. @defaultValue none */
  currentSpan?: CurrentSpan | undefined;
  /** Times of the queue. @defaultValue the machine's */
  clock?: Clock | undefined;
  /** Told about rows that are lost. @defaultValue warnings and errors to `console` */
  logger?: Logger | undefined;
  /** @defaultValue "analytics_plugin" */
  name?: string | undefined;
}

const TYPES: Readonly<Record<AnalyticsEventType, true>> = {
  USER_MESSAGE_RECEIVED: true,
  INVOCATION_STARTING: true,
  INVOCATION_COMPLETED: true,
  INVOCATION_ERROR: true,
  AGENT_STARTING: true,
  AGENT_COMPLETED: true,
  AGENT_ERROR: true,
  AGENT_RESPONSE: true,
  AGENT_TRANSFER: true,
  AGENT_STATE_CHECKPOINT: true,
  LLM_REQUEST: true,
  LLM_RESPONSE: true,
  LLM_ERROR: true,
  TOOL_STARTING: true,
  TOOL_COMPLETED: true,
  TOOL_PAUSED: true,
  TOOL_ERROR: true,
  STATE_DELTA: true,
  HITL_CONFIRMATION_REQUEST: true,
  HITL_CONFIRMATION_REQUEST_COMPLETED: true,
  HITL_CREDENTIAL_REQUEST: true,
  HITL_CREDENTIAL_REQUEST_COMPLETED: true,
  HITL_INPUT_REQUEST: true,
  HITL_INPUT_REQUEST_COMPLETED: true,
  EVENT_COMPACTION: true,
};

const eventTypes: OptionCheck = (value) =>
  Array.isArray(value) && value.every((type) => Object.hasOwn(TYPES, type as string))
    ? undefined
    : `a list of event types, of ${Object.keys(TYPES).join(", ")}`;

/** A row for every option. */
export const ANALYTICS_OPTIONS: Readonly<Record<keyof AnalyticsPluginOptions, OptionCheck>> = {
  sink: (value) =>
    typeof (value as { write?: unknown } | null)?.write === "function"
      ? undefined
      : "a sink with `write`",
  payloads: "boolean",
  wholePrompts: "boolean",
  maxTextLength: integer(1),
  eventAllowlist: eventTypes,
  eventDenylist: eventTypes,
  currentSpan: "function",
  clock: (value) =>
    typeof (value as { after?: unknown } | null)?.after === "function" ? undefined : "a clock",
  logger: (value) =>
    typeof (value as { warn?: unknown } | null)?.warn === "function" ? undefined : "a logger",
  name: filledText,
  ...PLUGIN_OPTIONS,
  batchSize: integer(1),
  batchIntervalMs: integer(1),
  maxQueueSize: integer(1),
  maxAttempts: integer(1, 20),
  retryDelayMs: integer(0),
  writeTimeoutMs: integer(1),
  closeTimeoutMs: integer(0),
};
