/** What a row is about. */
export type AnalyticsEventType =
  | "USER_MESSAGE_RECEIVED"
  | "INVOCATION_STARTING"
  | "INVOCATION_COMPLETED"
  | "INVOCATION_ERROR"
  | "AGENT_STARTING"
  | "AGENT_COMPLETED"
  | "AGENT_ERROR"
  | "AGENT_RESPONSE"
  | "AGENT_TRANSFER"
  | "AGENT_STATE_CHECKPOINT"
  | "LLM_REQUEST"
  | "LLM_RESPONSE"
  | "LLM_ERROR"
  | "TOOL_STARTING"
  | "TOOL_COMPLETED"
  | "TOOL_PAUSED"
  | "TOOL_ERROR"
  | "STATE_DELTA"
  | "HITL_CONFIRMATION_REQUEST"
  | "HITL_CONFIRMATION_REQUEST_COMPLETED"
  | "HITL_CREDENTIAL_REQUEST"
  | "HITL_CREDENTIAL_REQUEST_COMPLETED"
  | "HITL_INPUT_REQUEST"
  | "HITL_INPUT_REQUEST_COMPLETED"
  | "EVENT_COMPACTION";

/** One part of what was said; never its bytes. */
export interface AnalyticsContentPart {
  readonly part_index: number;
  readonly mime_type: string | null;
  readonly uri: string | null;
  readonly text: string | null;
  /** `INLINE`: `text` has it; `EXTERNAL`: it is at `uri`; `OMITTED`: bytes, which are left out. */
  readonly storage_mode: "INLINE" | "EXTERNAL" | "OMITTED";
}

/** One step of a run; the members are the columns. */
export interface AnalyticsRow {
  /** Unique. A sink that is given a row a second time, after a reply was lost, has it already. */
  readonly row_id: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly timestamp: string;
  readonly event_type: AnalyticsEventType;
  readonly agent: string | null;
  readonly session_id: string;
  readonly invocation_id: string;
  readonly user_id: string;
  /** Of the span that `currentSpan` names; the invocation's id where there is none. */
  readonly trace_id: string;
  /** Of the step: the two rows of a call share one. */
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly content: unknown;
  readonly content_parts: readonly AnalyticsContentPart[];
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Milliseconds: `total_ms`, and of a streamed answer `time_to_first_token_ms`. */
  readonly latency_ms: Readonly<Record<string, number>> | null;
  readonly status: "OK" | "ERROR";
  readonly error_message: string | null;
  /** Whether a text was cut. */
  readonly is_truncated: boolean;
}
