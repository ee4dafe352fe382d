/** `@adk/core`: everything an app needs. Each name is here on purpose; a test pins the list. */
export { BaseAgent, isBaseAgent, type BaseAgentConfig } from "./agents/base-agent.ts";
export type {
  AfterAgentCallback,
  AfterModelCallback,
  AfterToolCallback,
  BeforeAgentCallback,
  BeforeModelCallback,
  BeforeToolCallback,
  OnModelErrorCallback,
  OnToolErrorCallback,
  SingleAfterModelCallback,
  SingleAfterToolCallback,
  SingleAgentCallback,
  SingleBeforeModelCallback,
  SingleBeforeToolCallback,
  SingleOnModelErrorCallback,
  SingleOnToolErrorCallback,
} from "./agents/callbacks.ts";
export {
  Agent,
  isLlmAgent,
  LlmAgent,
  type InstructionProvider,
  type LlmAgentConfig,
  type ToolUnion,
} from "./agents/llm-agent.ts";
export { isLoopAgent, LoopAgent, type LoopAgentConfig } from "./agents/loop-agent.ts";
export { isParallelAgent, ParallelAgent } from "./agents/parallel-agent.ts";
export { isSequentialAgent, SequentialAgent } from "./agents/sequential-agent.ts";
export {
  App,
  isApp,
  validateAppName,
  type AppOptions,
  type ResumabilityConfig,
} from "./app/app.ts";
export { BaseEventsSummarizer, type SummarizeEventsRequest } from "./app/base-events-summarizer.ts";
export type { EventsCompactionConfig } from "./app/events-compaction-config.ts";
export { LlmEventSummarizer, type LlmEventSummarizerOptions } from "./app/llm-event-summarizer.ts";
export {
  createArtifactService,
  registerArtifactService,
  type ArtifactServiceFactory,
  type CreateArtifactServiceOptions,
} from "./artifacts/artifact-service-uri.ts";
export type {
  ArtifactKey,
  ArtifactMetadata,
  ArtifactScope,
  ArtifactStore,
  ArtifactStoreReport,
  BeginUploadCommand,
  CompleteUploadCommand,
  CopyCommand,
  EraseArtifactsCommand,
  OpenCommand,
  OpenedArtifact,
  PendingUpload,
  SaveCommand,
  SignCommand,
  StoredVersion,
} from "./artifacts/artifact-store.ts";
export {
  BaseArtifactService,
  type BaseArtifactServiceOptions,
} from "./artifacts/base-artifact-service.ts";
export { InMemoryArtifactService } from "./artifacts/in-memory-artifact-service.ts";
export { InMemoryArtifactStore } from "./artifacts/in-memory-artifact-store.ts";
export type {
  ArtifactNameRequest,
  ArtifactScopeRequest,
  ArtifactVersion,
  BytesPart,
  CompleteArtifactUploadRequest,
  CopySessionArtifactsRequest,
  CreateArtifactUploadRequest,
  DeleteArtifactRequest,
  DeleteSessionArtifactsRequest,
  DeleteUserArtifactsRequest,
  GetArtifactUrlRequest,
  ListArtifactKeysRequest,
  ListVersionsRequest,
  LoadArtifactRequest,
  OpenArtifactRequest,
  OpenArtifactResponse,
  PurgeOrphansRequest,
  SaveArtifactRequest,
  SaveArtifactStreamRequest,
} from "./artifacts/requests.ts";
export {
  scopeArtifactService,
  type SessionArtifactService,
  type SessionLoadArtifactRequest,
  type SessionOpenArtifactRequest,
  type SessionSaveArtifactRequest,
  type SessionSaveArtifactStreamRequest,
} from "./artifacts/session-artifact-service.ts";
export type { AuthConfig, AuthCredential } from "./auth/auth-config.ts";
export { BaseCredentialService, type CredentialScope } from "./auth/base-credential-service.ts";
export { InMemoryCredentialService } from "./auth/in-memory-credential-service.ts";
export type {
  Blob,
  CitationMetadata,
  Content,
  FileData,
  FinishReason,
  FunctionCall,
  FunctionDeclaration,
  FunctionResponse,
  GenerateContentConfig,
  GenerateContentResponse,
  GenerateContentResponseUsageMetadata,
  GroundingMetadata,
  HttpOptions,
  LiveConnectConfig,
  LiveServerGoAway,
  LiveServerSessionResumptionUpdate,
  LogprobsResult,
  Part,
  Schema,
  SchemaUnion,
  Tool,
  Transcription,
} from "./content/content.ts";
export { Context, type CallbackContext, type ToolContext } from "./context/context.ts";
export { InvocationContext } from "./context/invocation-context.ts";
export { consoleLogger, type Logger } from "./context/logger.ts";
export { ReadonlyContext } from "./context/readonly-context.ts";
export { StreamingMode, type RunConfig } from "./context/run-config.ts";
export { State } from "./context/state.ts";
export { AdkError, type AdkErrorCode, type AdkErrorOptions } from "./errors.ts";
export {
  createEventActions,
  ToolConfirmation,
  type EventActions,
  type EventCompaction,
} from "./events/event-actions.ts";
export {
  createEvent,
  type CreateEventParams,
  type Event,
  type NodeInfo,
  type PendingCall,
  type ToolRecord,
} from "./events/event.ts";
export {
  AF_FUNCTION_CALL_ID_PREFIX,
  generateClientFunctionCallId,
} from "./events/function-call-id.ts";
export { mergeEventActions } from "./events/merge-event-actions.ts";
export {
  getFunctionCalls,
  getFunctionResponses,
  hasTrailingCodeExecutionResult,
  isFinalResponse,
  stringifyContent,
} from "./events/predicates.ts";
export {
  BaseLlmRequestProcessor,
  BaseLlmResponseProcessor,
} from "./flows/processors/request-processor.ts";
export { fillTemplate as injectSessionState } from "./flows/processors/template.ts";
export { isRoutableLlmAgent } from "./flows/transfer-targets.ts";
export { checkOptions, integer, oneOf, type OptionCheck } from "./internal/check-options.ts";
export { systemClock, type Clock } from "./internal/clock.ts";
export type { IdSource } from "./internal/ids.ts";
export { inParallel } from "./internal/in-parallel.ts";
export type { StandardSchemaV1 } from "./internal/standard-schema.ts";
export { REQUEST_CONFIRMATION_FUNCTION_CALL_NAME } from "./events/framework-calls.ts";
export {
  BaseMemoryService,
  type AddEventsToMemoryRequest,
  type AddMemoryRequest,
  type DeleteMemoryRequest,
  type MemoryEntry,
  type SearchMemoryRequest,
  type SearchMemoryResponse,
} from "./memory/base-memory-service.ts";
export {
  InMemoryMemoryService,
  type InMemoryMemoryServiceOptions,
} from "./memory/in-memory-memory-service.ts";
export { appendInstructions, appendTools, setOutputSchema } from "./models/append-to-request.ts";
export { BaseLlm, isBaseLlm } from "./models/base-llm.ts";
export {
  Gemini,
  geminiInitParams,
  isGemini,
  type GeminiParams,
  type GeminiRetryOptions,
} from "./models/gemini/index.ts";
export { LLMRegistry, type BaseLlmType } from "./models/llm-registry.ts";
export type { LlmRequest } from "./models/llm-request.ts";
export type { LlmResponse } from "./models/llm-response.ts";
export { BasePlanner } from "./planners/base-planner.ts";
export { BuiltInPlanner, type BuiltInPlannerOptions } from "./planners/built-in-planner.ts";
export { PlanReActPlanner } from "./planners/plan-re-act-planner.ts";
export type {
  NextModelCall,
  NextToolCall,
  WrappedModelCall,
  WrappedToolCall,
} from "./plugins/around.ts";
export { BasePlugin, type PluginHook, type PluginOptions } from "./plugins/base-plugin.ts";
export { PluginManager } from "./plugins/plugin-manager.ts";
export type { AnswerRequest } from "./runner/answer.ts";
export type { RunnerForkSessionRequest } from "./runner/fork.ts";
export { InMemoryRunner, type InMemoryRunnerConfig } from "./runner/in-memory-runner.ts";
export type {
  ListPendingRequest,
  ListPendingResponse,
  PendingRequest,
} from "./runner/list-pending.ts";
export type { RewindRequest } from "./runner/rewind.ts";
export type { RunDebugOptions } from "./runner/run-debug.ts";
export type { RunAsyncRequest } from "./runner/run-request.ts";
export type { RunnerConfig } from "./runner/runner-options.ts";
export { isRunner, Runner, type CancelRequest } from "./runner/runner.ts";
export {
  BaseSessionService,
  SESSION_SERVICE_OPTIONS,
  type BaseSessionServiceOptions,
} from "./sessions/base-session-service.ts";
export { Deadline, type DeadlineOptions } from "./sessions/deadline.ts";
export { decorateStore } from "./sessions/decorate-store.ts";
export {
  InMemorySessionService,
  type InMemorySessionServiceOptions,
} from "./sessions/in-memory-session-service.ts";
export {
  InMemorySessionStore,
  type InMemorySessionStoreOptions,
} from "./sessions/in-memory-session-store.ts";
export type { SessionLease } from "./sessions/lease.ts";
export type {
  AcquireLeaseRequest,
  AppendEventRequest,
  Cancellable,
  CreateSessionRequest,
  DeleteSessionRequest,
  DeleteUserRequest,
  ForkSessionRequest,
  GetAppStateRequest,
  GetSessionConfig,
  GetSessionRequest,
  GetUserStateRequest,
  HeaderChange,
  InterruptedSession,
  ListEventsRequest,
  ListEventsResponse,
  ListInterruptedRequest,
  ListInterruptedResponse,
  ListSessionsRequest,
  ListSessionsResponse,
  OpenedSession,
  PurgeExpiredRequest,
  RequestCancelRequest,
  SubscribeRequest,
  UpdateSessionRequest,
} from "./sessions/requests.ts";
export {
  createSessionService,
  registerSessionService,
  type CreateSessionServiceOptions,
  type SessionServiceFactory,
} from "./sessions/service-uri.ts";
export type {
  AcquireCommand,
  AppendCommand,
  Appended,
  CreateCommand,
  Encoded,
  EraseCommand,
  Grant,
  HeaderPatch,
  LeaseCommand,
  ListCommand,
  Outcome,
  Page,
  PurgeCommand,
  ReadCommand,
  ReadScope,
  Refusal,
  ScopeDelta,
  ScopedValues,
  SessionHeader,
  SessionKey,
  SessionStore,
  SessionStoreCapabilities,
  Snapshot,
  StoreCheck,
  StoreDelta,
  StoredEvent,
  UpdateCommand,
  Values,
  Wake,
} from "./sessions/session-store.ts";
export type { PendingCallInfo, Session } from "./sessions/session.ts";
export { WakeQueue } from "./sessions/wake-queue.ts";
export { AgentTool, isAgentTool, type AgentToolConfig } from "./tools/agent-tool.ts";
export {
  BaseTool,
  isBaseTool,
  type BaseToolParams,
  type OnRepeat,
  type RunAsyncToolRequest,
  type ToolProcessLlmRequest,
} from "./tools/base-tool.ts";
export { BaseToolset, isBaseToolset, type ToolPredicate } from "./tools/base-toolset.ts";
export { BaseExampleProvider, type Example, ExampleTool } from "./tools/example-tool.ts";
export { EXIT_LOOP, ExitLoopTool } from "./tools/exit-loop-tool.ts";
export {
  FunctionTool,
  isFunctionTool,
  type RequireConfirmation,
  type ToolExecuteFunction,
  type ToolOptions,
} from "./tools/function-tool.ts";
export { GetUserChoiceTool, getUserChoiceTool } from "./tools/get-user-choice-tool.ts";
export { LOAD_ARTIFACTS, LoadArtifactsTool } from "./tools/load-artifacts-tool.ts";
export { LOAD_MEMORY, LoadMemoryTool } from "./tools/load-memory-tool.ts";
export {
  LongRunningFunctionTool,
  type LongRunningToolOptions,
} from "./tools/long-running-function-tool.ts";
export { PRELOAD_MEMORY, PreloadMemoryTool } from "./tools/preload-memory-tool.ts";
export type { JsonSchema } from "./tools/schema/json-schema.ts";
export type { AnySchema } from "./tools/schema/read-schema.ts";
export type { ToolExecuteArgument, ToolInputParameters } from "./tools/schema/tool-parameters.ts";
export {
  TRANSFER_TO_AGENT_TOOL_NAME,
  TransferToAgentTool,
  type TransferToAgentToolOptions,
} from "./tools/transfer-to-agent-tool.ts";
