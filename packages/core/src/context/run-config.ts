import type { Content, HttpOptions } from "../content/content.ts";
import type { GetSessionConfig } from "../sessions/requests.ts";

/** How a model's answer reaches the caller. */
export const StreamingMode = {
  /** Whole answers. */
  NONE: "none",
  /** Pieces as partial events, then the whole answer. */
  SSE: "sse",
  /** Live, bidirectional; `runLive` only. */
  BIDI: "bidi",
} as const;
export type StreamingMode = (typeof StreamingMode)[keyof typeof StreamingMode];

/**
 * Options of one run. Unknown fields are refused with `INVALID_ARGUMENT`; `supportCfc` and `toolThreadPoolConfig` with
 * `UNSUPPORTED`. Fields under "Live" have no effect in `runAsync`.
 */
export interface RunConfig {
  /** @defaultValue "none" */
  streamingMode?: StreamingMode | undefined;
  /** Model calls of one run, all agents together; 0 or less: no limit. @defaultValue 500, or `ADK_MAX_LLM_CALLS` */
  maxLlmCalls?: number | undefined;
  /** Put on every event of the run, under the event's own keys. JSON values. */
  customMetadata?: Record<string, unknown> | undefined;
  /** Narrows what the model reads, not what the engine loads. */
  getSessionConfig?: GetSessionConfig | undefined;
  /** Contents for the model only, before the current user content; never stored. */
  modelInputContext?: Content[] | undefined;
  /** @defaultValue false */
  includeThoughtsFromOtherAgents?: boolean | undefined;
  /** Saves files of the message as artifacts and puts a text in their place. @defaultValue false */
  saveInputBlobsAsArtifacts?: boolean | undefined;
  /** Merged into the HTTP options of each model request. */
  httpOptions?: HttpOptions | undefined;
  /** Labels on each model request. */
  labels?: Record<string, string> | undefined;
  serviceTier?: string | undefined;
  /** Tool calls of one model answer that run at the same time. @defaultValue no limit */
  maxConcurrentTools?: number | undefined;
  /** Refused with `UNSUPPORTED` when true. */
  supportCfc?: boolean | undefined;
  /** Always refused with `UNSUPPORTED`: tools are asynchronous, there is no thread to put them on. */
  toolThreadPoolConfig?: never;

  // Live
  responseModalities?: string[] | undefined;
  speechConfig?: unknown;
  avatarConfig?: unknown;
  outputAudioTranscription?: unknown;
  inputAudioTranscription?: unknown;
  realtimeInputConfig?: unknown;
  explicitVadSignal?: boolean | undefined;
  translationConfig?: unknown;
  enableAffectiveDialog?: boolean | undefined;
  proactivity?: unknown;
  sessionResumption?: unknown;
  historyConfig?: unknown;
  contextWindowCompression?: unknown;
  saveLiveBlob?: boolean | undefined;
  telemetry?: unknown;
}
