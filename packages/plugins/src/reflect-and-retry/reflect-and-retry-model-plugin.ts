import {
  AdkError,
  BasePlugin,
  type BaseTool,
  type CallbackContext,
  checkOptions,
  type LlmRequest,
  type LlmResponse,
  type ToolContext,
} from "@adk/core";
import { FailureCounts } from "./failure-counts.ts";
import {
  ADK_HANDLE_MODEL_ERROR_TOOL_NAME,
  makesReservedCall,
  type ModelError,
  reflectingResponse,
  RESERVED_TOOL_CALL_ERROR_TYPE,
  storedModelFailures,
} from "./model-reflection.ts";
import {
  REFLECT_AND_RETRY_OPTIONS,
  type ReflectAndRetryOptions,
} from "./reflect-and-retry-options.ts";
import { describeError, TrackingScope } from "./reflection.ts";
import { tooOften } from "./too-often.ts";

/** How often a model may fail in a row, and what counts. */
export interface ReflectAndRetryModelPluginOptions extends ReflectAndRetryOptions {
  /** Finish reasons and error codes of answers that count as failed. @defaultValue ["MALFORMED_FUNCTION_CALL"] */
  onModelErrors?: readonly string[] | undefined;
  /**
   * Whether an error that the model's call has thrown is one that the model can do better about. Errors of the network are not:
   * leave those to the model's own retries. @defaultValue none is
   */
  retryOnError?: ((error: Error) => boolean) | undefined;
}

/**
 * Asks the model again when its answer cannot be used, and tells it why, up to `maxRetries` times in a row.
 *
 * In the log the failed answer is a call of `adk_handle_model_error`, whose response is the guidance; the model reads both. So
 * the failure and its cost are kept, and the count goes on after a crash. An answer that can be used starts it anew.
 */
export class ReflectAndRetryModelPlugin extends BasePlugin {
  readonly maxRetries: number;
  readonly throwExceptionIfRetryExceeded: boolean;
  readonly trackingScope: TrackingScope;
  readonly onModelErrors: readonly string[];
  readonly #retryOnError: (error: Error) => boolean;
  readonly #global: FailureCounts = new FailureCounts();

  /** @throws {@link AdkError} `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: ReflectAndRetryModelPluginOptions = {}) {
    checkOptions("ReflectAndRetryModelPlugin", options, {
      ...REFLECT_AND_RETRY_OPTIONS,
      onModelErrors: (value) =>
        Array.isArray(value) && value.every((code) => typeof code === "string")
          ? undefined
          : "a list of finish reasons and error codes",
      retryOnError: "function",
    });
    super(options.name ?? "reflect_retry_model_plugin");
    this.maxRetries = options.maxRetries ?? 3;
    this.throwExceptionIfRetryExceeded = options.throwExceptionIfRetryExceeded ?? true;
    this.trackingScope = options.trackingScope ?? TrackingScope.INVOCATION;
    this.onModelErrors = [...(options.onModelErrors ?? ["MALFORMED_FUNCTION_CALL"])];
    this.#retryOnError = options.retryOnError ?? (() => false);
  }

  /** @throws {@link AdkError} `MODEL_FAILED`, as the cause of `PLUGIN_FAILED`, for one failure too many. */
  override async afterModelCallback({
    callbackContext,
    llmResponse,
  }: {
    callbackContext: CallbackContext;
    llmResponse: LlmResponse;
  }): Promise<LlmResponse | undefined> {
    if (llmResponse.partial) return undefined;
    const error = this.#errorIn(llmResponse);
    if (error?.type === RESERVED_TOOL_CALL_ERROR_TYPE)
      return (
        this.#again(callbackContext, error) ?? {
          errorCode: error.type,
          errorMessage: error.details,
        }
      );
    if (error) return this.#again(callbackContext, error);
    this.#global.reset(modelOf(callbackContext));
    return undefined;
  }

  /** @throws {@link AdkError} `MODEL_FAILED`, as the cause of `PLUGIN_FAILED`, for one failure too many. */
  override async onModelErrorCallback({
    callbackContext,
    error,
  }: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
    error: Error;
  }): Promise<LlmResponse | undefined> {
    if (!this.#retryOnError(error)) return undefined;
    const { type, details } = describeError(error);
    return this.#again(callbackContext, { type, details, finishReason: "OTHER" });
  }

  /** Answers the reserved call with the guidance, also after a crash between the two. */
  override async beforeToolCallback({
    tool,
    toolArgs,
  }: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
  }): Promise<Record<string, unknown> | undefined> {
    if (tool.name !== ADK_HANDLE_MODEL_ERROR_TOOL_NAME) return undefined;
    const count = Number(toolArgs["retry_count"]);
    return {
      reflection_guidance: `Your last answer could not be used (${String(toolArgs["error_type"])}). This is failure ${count} in a row; ${Math.max(0, this.maxRetries - count)} more are accepted. Look at what was wrong and answer again: call only declared tools, with complete arguments in valid JSON. Do not give the same answer again, and never call \`${ADK_HANDLE_MODEL_ERROR_TOOL_NAME}\` yourself.`,
    };
  }

  #errorIn({
    content,
    finishReason,
    errorCode,
    errorMessage,
  }: LlmResponse): ModelError | undefined {
    const code = [finishReason, errorCode].find(
      (found) => found !== undefined && this.onModelErrors.includes(String(found)),
    );
    if (code !== undefined)
      return {
        type: errorCode ?? String(code),
        details: errorMessage ?? "The answer could not be used.",
        finishReason: String(finishReason ?? "OTHER"),
      };
    if (!makesReservedCall(content)) return undefined;
    return {
      type: RESERVED_TOOL_CALL_ERROR_TYPE,
      details: `${ADK_HANDLE_MODEL_ERROR_TOOL_NAME} is reserved for the framework.`,
      finishReason: "OTHER",
    };
  }

  /** `undefined` when it is one failure too many and may stand. */
  #again(context: CallbackContext, error: ModelError): LlmResponse | undefined {
    const count = this.#count(context);
    const { newId } = context.invocationContext.invocation;
    if (count <= this.maxRetries)
      return reflectingResponse(error, count, `${ADK_HANDLE_MODEL_ERROR_TOOL_NAME}_${newId()}`);
    if (!this.throwExceptionIfRetryExceeded) return undefined;
    throw new AdkError(
      "MODEL_FAILED",
      `Model ${modelOf(context)} of agent ${context.agentName} has failed ${tooOften(count, this.maxRetries, error.type)} (\`maxRetries\` of plugin ${this.name}).`,
      { details: { agent: context.agentName, failures: count, maxRetries: this.maxRetries } },
    );
  }

  #count(context: CallbackContext): number {
    if (this.trackingScope === TrackingScope.GLOBAL)
      return this.#global.increment(modelOf(context));
    return storedModelFailures(context.session.events, context) + 1;
  }
}

function modelOf({ invocationContext: { agent }, agentName }: CallbackContext): string {
  const { canonicalModel } = agent as { canonicalModel?: { model?: string } };
  return canonicalModel?.model ?? agentName;
}
