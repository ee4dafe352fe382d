import type {
  CitationMetadata,
  Content,
  FinishReason,
  GenerateContentResponseUsageMetadata,
  GroundingMetadata,
  LiveServerGoAway,
  LiveServerSessionResumptionUpdate,
  LogprobsResult,
  Transcription,
} from "../content/content.ts";

/** One answer of a model, or one chunk of a streamed answer. */
export interface LlmResponse {
  content?: Content | undefined;
  groundingMetadata?: GroundingMetadata | undefined;
  citationMetadata?: CitationMetadata | undefined;
  /** A piece of an answer that is still being streamed. Pieces are shown and never stored; the whole follows. */
  partial?: boolean | undefined;
  turnComplete?: boolean | undefined;
  turnCompleteReason?: string | undefined;
  /** Set when the answer is an error, for instance the finish reason of a blocked answer. */
  errorCode?: string | undefined;
  errorMessage?: string | undefined;
  interrupted?: boolean | undefined;
  /** Free data of the application, JSON values only. */
  customMetadata?: Record<string, unknown> | undefined;
  usageMetadata?: GenerateContentResponseUsageMetadata | undefined;
  finishReason?: FinishReason | undefined;
  avgLogprobs?: number | undefined;
  logprobsResult?: LogprobsResult | undefined;
  cacheMetadata?: Record<string, unknown> | undefined;
  inputTranscription?: Transcription | undefined;
  outputTranscription?: Transcription | undefined;
  liveSessionResumptionUpdate?: LiveServerSessionResumptionUpdate | undefined;
  liveSessionId?: string | undefined;
  goAway?: LiveServerGoAway | undefined;
  interactionId?: string | undefined;
  environmentId?: string | undefined;
  modelVersion?: string | undefined;
}
