import type { Content } from "../content/content.ts";
import { type RunConfig, StreamingMode } from "../context/run-config.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, integer, oneOf, type OptionCheck } from "../internal/check-options.ts";
import { copyJson } from "../internal/json.ts";

/** ADK's default. */
const DEFAULT_MAX_LLM_CALLS = 500;

const texts: OptionCheck = (value) =>
  isRecord(value) && Object.values(value).every((text) => typeof text === "string")
    ? undefined
    : "an object of texts";

const contents: OptionCheck = (value) =>
  Array.isArray(value) && value.every((content) => isRecord(content) && isList(content["parts"]))
    ? undefined
    : "a list of Contents such as { role: 'user', parts: [{ text: 'hi' }] }";

const anything: OptionCheck = () => undefined;

/** A row for every field. */
export const RUN_CONFIG_OPTIONS: Readonly<Record<keyof RunConfig, OptionCheck>> = {
  streamingMode: oneOf(...Object.values(StreamingMode)),
  maxLlmCalls: (value) =>
    Number.isSafeInteger(value) && value !== Number.MAX_SAFE_INTEGER
      ? undefined
      : "a whole number below 2^53-1 (0 or less for no limit)",
  customMetadata: "object",
  getSessionConfig: "object",
  modelInputContext: contents,
  includeThoughtsFromOtherAgents: "boolean",
  saveInputBlobsAsArtifacts: "boolean",
  httpOptions: "object",
  labels: texts,
  serviceTier: "string",
  maxConcurrentTools: integer(1),
  supportCfc: "boolean",
  toolThreadPoolConfig: anything,
  responseModalities: "array",
  speechConfig: "object",
  avatarConfig: "object",
  outputAudioTranscription: "object",
  inputAudioTranscription: "object",
  realtimeInputConfig: "object",
  explicitVadSignal: "boolean",
  translationConfig: "object",
  enableAffectiveDialog: "boolean",
  proactivity: "object",
  sessionResumption: "object",
  historyConfig: "object",
  contextWindowCompression: "object",
  saveLiveBlob: "boolean",
  telemetry: "object",
};

const SESSION_CONFIG_OPTIONS: Readonly<Record<string, OptionCheck>> = {
  numRecentEvents: integer(0),
  afterTimestamp: (value) => (Number.isFinite(value) ? undefined : "a number of milliseconds"),
  afterSequence: integer(0),
  includeInitialState: "boolean",
};

/**
 * The options of a run with their defaults; nothing in it is shared with the caller.
 *
 * @throws AdkError `INVALID_ARGUMENT` for an unknown or ill-typed field, `UNSUPPORTED` for one that means nothing here.
 */
export function readRunConfig(
  config: RunConfig = {},
  customMetadata?: Record<string, unknown>,
): RunConfig {
  checkOptions("RunConfig", config, RUN_CONFIG_OPTIONS);
  if (config.getSessionConfig)
    checkOptions("RunConfig.getSessionConfig", config.getSessionConfig, SESSION_CONFIG_OPTIONS);
  if (config.getSessionConfig?.includeInitialState)
    throw unsupported("getSessionConfig.includeInitialState", "No model reads it. Leave it out");
  if (config.supportCfc) throw unsupported("supportCfc", "Leave it out");
  if (config.toolThreadPoolConfig !== undefined)
    throw unsupported(
      "toolThreadPoolConfig",
      "Tools are asynchronous here; start worker threads inside a tool that needs them",
    );
  if (config.streamingMode === StreamingMode.BIDI)
    throw unsupported("streamingMode: 'bidi'", "Use 'sse' or 'none'");
  const metadata = copyJson(
    { ...config.customMetadata, ...customMetadata },
    { path: "customMetadata" },
  ) as Record<string, unknown>;
  const { modelInputContext } = config;
  return {
    ...config,
    modelInputContext:
      modelInputContext &&
      (copyJson(modelInputContext, {
        path: "runConfig.modelInputContext",
        blobs: true,
      }) as unknown as Content[]),
    maxLlmCalls: config.maxLlmCalls ?? defaultMaxLlmCalls(),
    customMetadata: Object.keys(metadata).length > 0 ? metadata : undefined,
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown): boolean {
  return Array.isArray(value);
}

function defaultMaxLlmCalls(): number {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const text = process?.env?.["ADK_MAX_LLM_CALLS"];
  if (text === undefined || text === "") return DEFAULT_MAX_LLM_CALLS;
  const limit = Number(text);
  if (!Number.isSafeInteger(limit))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `The environment variable ADK_MAX_LLM_CALLS must be a whole number, got ${JSON.stringify(text)}.`,
    );
  return limit;
}

function unsupported(field: string, next: string): AdkError {
  return new AdkError("UNSUPPORTED", `RunConfig.${field} is not available. ${next}.`, {
    details: { field },
  });
}
