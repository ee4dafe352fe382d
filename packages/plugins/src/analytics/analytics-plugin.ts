import {
  AdkError,
  type BaseAgent,
  BasePlugin,
  type BaseTool,
  type CallbackContext,
  checkOptions,
  consoleLogger,
  type Content,
  type Event,
  getFunctionResponses,
  type InvocationContext,
  type LlmRequest,
  type LlmResponse,
  systemClock,
  type ToolContext,
} from "@adk/core";
import { AsStored } from "../internal/as-stored.ts";
import { isResumed } from "../internal/is-resumed.ts";
import { pluginOptions } from "../internal/option-checks.ts";
import { agentKey, modelKey, RunMap, toolKey } from "../internal/run-map.ts";
import type { AnalyticsEventType } from "./analytics-row.ts";
import { ANALYTICS_OPTIONS, type AnalyticsPluginOptions } from "./analytics-options.ts";
import { recordCompactions } from "./record-compactions.ts";
import { answerType, recordEvent } from "./record-event.ts";
import { Recorder, type RowFacts } from "./recorder.ts";
import { type AnalyticsStats, RowQueue } from "./row-queue.ts";
import { type Step, Steps } from "./steps.ts";

/** Names the run itself among its steps. */
const RUN = "run";

/** A call that has started and has no answer yet: when the run ends, it waits for one from outside. */
interface RunningTool {
  readonly tool: BaseTool;
  readonly toolContext: ToolContext;
  /** Of one that has returned nothing. */
  readonly ended?: ReturnType<Steps["end"]>;
}

/**
 * Records every step of every run as a row, and gives the rows to a sink in batches. What plugins of the app redact is redacted
 * in the rows, too.
 *
 * A run never waits for the sink: rows wait in memory, up to `maxQueueSize`; those that the sink does not take are counted in
 * `stats`. So a process that dies loses the rows of the last `batchIntervalMs`; `await flush()` where a process may be frozen
 * at once. Closing the runner writes what is left.
 */
export class AnalyticsPlugin extends BasePlugin {
  readonly #queue: RowQueue;
  readonly #recorder: Recorder;
  readonly #wholePrompts: boolean;
  readonly #steps: Steps = new Steps();
  readonly #running: RunMap<RunningTool> = new RunMap();
  readonly #compactions: Set<string> = new Set();

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is missing, unknown or ill-typed. */
  constructor(options: AnalyticsPluginOptions) {
    checkOptions("AnalyticsPlugin", options, ANALYTICS_OPTIONS);
    if (options.sink === undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "AnalyticsPlugin needs a `sink`, for instance new JsonLinesSink({ path }).",
      );
    super(options.name ?? "analytics_plugin", pluginOptions(options));
    const { eventAllowlist, eventDenylist = [] } = options;
    this.#wholePrompts = options.wholePrompts ?? false;
    this.#queue = new RowQueue(options.sink, options, {
      clock: options.clock ?? systemClock,
      logger: options.logger ?? consoleLogger,
    });
    this.#recorder = new Recorder({
      queue: this.#queue,
      payloads: options.payloads ?? true,
      maxTextLength: options.maxTextLength ?? 500_000,
      wants: (type) => (eventAllowlist?.includes(type) ?? true) && !eventDenylist.includes(type),
      currentSpan: options.currentSpan,
    });
  }

  /** What became of the rows so far. */
  get stats(): AnalyticsStats {
    return this.#queue.stats;
  }

  /** Resolves when each row so far is written or dropped. */
  async flush(): Promise<void> {
    await this.#queue.flush();
  }

  override async onUserMessageCallback(params: {
    invocationContext: InvocationContext;
    userMessage: Content;
  }): Promise<undefined> {
    const { invocationContext: context, userMessage } = params;
    const { spanId } = this.#steps.beginOnce(RUN, context);
    this.#recorder.record("USER_MESSAGE_RECEIVED", context, {
      spanId,
      author: "user",
      said: () => userMessage,
    });
    for (const { functionResponse } of userMessage.parts ?? []) {
      if (!functionResponse) continue;
      const { id, name, response } = functionResponse;
      this.#recorder.record(answerType(name) ?? "TOOL_COMPLETED", context, {
        spanId,
        author: "user",
        content: (stored) => stored.result(name ?? "", response),
        attributes: { tool: name, call_id: id, answered_by: "user" },
      });
    }
  }

  override async beforeRunCallback(params: {
    invocationContext: InvocationContext;
  }): Promise<undefined> {
    const { invocationContext: context } = params;
    const { spanId } = this.#steps.beginOnce(RUN, context);
    this.#recordCompactions(context);
    const attributes = { resumed: isResumed(context) };
    this.#recorder.record("INVOCATION_STARTING", context, { spanId, attributes });
  }

  override async beforeAgentCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
  }): Promise<undefined> {
    const { invocationContext: context, agentName: agent } = params.callbackContext;
    const { spanId } = this.#steps.begin(agentKey(params.callbackContext), context);
    const parentSpanId = this.#runSpan(context);
    this.#recorder.record("AGENT_STARTING", context, { agent, spanId, parentSpanId });
  }

  override async beforeModelCallback(params: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    const { callbackContext, llmRequest } = params;
    const { model, contents, config, toolsDict } = llmRequest;
    const start = this.#wholePrompts
      ? 0
      : contents.findLastIndex(({ role }) => role === "model") + 1;
    const step = this.#steps.begin(modelKey(callbackContext), callbackContext.invocationContext);
    this.#record("LLM_REQUEST", callbackContext, step, {
      content: (stored) => ({
        prompt: contents.slice(start).map((content) => stored.content(content)),
        system_prompt: stored.value(config?.systemInstruction),
      }),
      attributes: { model, contents: contents.length, tools: Object.keys(toolsDict) },
    });
  }

  override async afterModelCallback(params: {
    callbackContext: CallbackContext;
    llmResponse: LlmResponse;
  }): Promise<undefined> {
    const { callbackContext, llmResponse } = params;
    const { invocationContext: context } = callbackContext;
    const step = this.#steps.of(modelKey(callbackContext), context);
    if (llmResponse.partial) {
      step.firstTokenAt ??= context.invocation.clock.now();
      return;
    }
    const { content, usageMetadata, errorCode, finishReason, modelVersion } = llmResponse;
    const { latency } = this.#steps.end(modelKey(callbackContext), context);
    this.#record("LLM_RESPONSE", callbackContext, step, {
      said: () => content,
      attributes: {
        usage: usageMetadata,
        error_code: new AsStored(context).errorCode(errorCode),
        finish_reason: finishReason,
        model_version: modelVersion,
      },
      latency,
    });
  }

  override async onModelErrorCallback(params: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
    error: Error;
  }): Promise<undefined> {
    const { callbackContext, llmRequest, error } = params;
    const { step, latency } = this.#steps.end(
      modelKey(callbackContext),
      callbackContext.invocationContext,
    );
    const attributes = { model: llmRequest.model };
    this.#record("LLM_ERROR", callbackContext, step, { attributes, latency, error });
  }

  override async beforeToolCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
  }): Promise<undefined> {
    const { tool, toolArgs, toolContext } = params;
    const step = this.#steps.begin(toolKey(toolContext), toolContext.invocationContext);
    this.#running.set(toolContext.invocationContext, toolKey(toolContext), { tool, toolContext });
    this.#record("TOOL_STARTING", toolContext, step, {
      content: (stored) => ({ args: stored.args(tool.name, toolArgs) }),
      attributes: { ...callOf(tool, toolContext), attempt: toolContext.attempt },
    });
  }

  override async afterToolCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
    result: unknown;
  }): Promise<undefined> {
    const { tool, toolContext, result } = params;
    const { invocationContext: context } = toolContext;
    const key = toolKey(toolContext);
    const ended = this.#steps.end(key, context);
    if (tool.isLongRunning && (result === undefined || result === null)) {
      // A later plugin may answer in its place, which an event tells.
      this.#running.set(context, key, { tool, toolContext, ended });
      return;
    }
    this.#running.delete(context, key);
    const { step, latency } = ended;
    const isPaused = asksPerson(toolContext.actions, toolContext.functionCallId);
    this.#record(isPaused ? "TOOL_PAUSED" : "TOOL_COMPLETED", toolContext, step, {
      content: (stored) => ({ result: stored.result(tool.name, result) }),
      attributes: callOf(tool, toolContext),
      latency,
    });
  }

  override async onToolErrorCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
    error: Error;
  }): Promise<undefined> {
    const { tool, toolContext, error } = params;
    const { step, latency } = this.#steps.end(toolKey(toolContext), toolContext.invocationContext);
    this.#running.delete(toolContext.invocationContext, toolKey(toolContext));
    const attributes = callOf(tool, toolContext);
    this.#record("TOOL_ERROR", toolContext, step, { attributes, latency, error });
  }

  override async onEventCallback(params: {
    invocationContext: InvocationContext;
    event: Event;
  }): Promise<undefined> {
    const { invocationContext: context, event } = params;
    if (event.partial) return;
    const stored = new AsStored(context).event(event);
    this.#recordAnswered(context, event, stored);
    recordEvent(this.#recorder, context, stored, this.#runSpan(context));
  }

  override async afterAgentCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
  }): Promise<undefined> {
    this.#endAgent("AGENT_COMPLETED", params.callbackContext);
  }

  override async onAgentErrorCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
    error: Error;
  }): Promise<void> {
    this.#endAgent("AGENT_ERROR", params.callbackContext, params.error);
  }

  override async afterRunCallback(params: { invocationContext: InvocationContext }): Promise<void> {
    const { invocationContext: context } = params;
    for (const running of this.#running.take(context)) this.#recordEnd("TOOL_PAUSED", running);
    this.#recordCompactions(context);
    this.#endRun("INVOCATION_COMPLETED", context);
  }

  override async onRunErrorCallback(params: {
    invocationContext: InvocationContext;
    error: Error;
  }): Promise<void> {
    this.#endRun("INVOCATION_ERROR", params.invocationContext, params.error);
  }

  /** Writes what is left, for at most `closeTimeoutMs`. */
  override async close(): Promise<void> {
    await this.#queue.close();
  }

  #endAgent(type: AnalyticsEventType, context: CallbackContext, error?: Error): void {
    const { invocationContext, agentName: agent } = context;
    const { step, latency } = this.#steps.end(agentKey(context), invocationContext);
    this.#recorder.record(type, invocationContext, {
      agent,
      spanId: step.spanId,
      parentSpanId: this.#runSpan(invocationContext),
      latency,
      error,
    });
  }

  #endRun(type: AnalyticsEventType, context: InvocationContext, error?: Error): void {
    const { step, latency } = this.#steps.end(RUN, context);
    this.#recorder.record(type, context, { spanId: step.spanId, latency, error });
  }

  /** A row of a call that an agent makes. */
  #record(
    type: AnalyticsEventType,
    context: CallbackContext,
    { spanId }: Step,
    facts: Omit<RowFacts, "agent" | "spanId" | "parentSpanId">,
  ): void {
    const { invocationContext, agentName: agent } = context;
    const { spanId: parentSpanId } = this.#steps.of(agentKey(context), invocationContext);
    this.#recorder.record(type, invocationContext, { agent, spanId, parentSpanId, ...facts });
  }

  /** Calls that other plugins have answered without this one being asked. */
  #recordAnswered(context: InvocationContext, event: Event, stored: Event): void {
    const responses = getFunctionResponses(stored);
    for (const { id: functionCallId } of getFunctionResponses(event)) {
      const key = toolKey({ functionCallId });
      const running = this.#running.get(context, key);
      if (!running) continue;
      this.#running.delete(context, key);
      const type = asksPerson(event.actions, functionCallId) ? "TOOL_PAUSED" : "TOOL_COMPLETED";
      const response = responses.find(({ id }) => id === functionCallId)?.response;
      this.#recordEnd(type, running, () => ({ result: response }));
    }
  }

  #recordEnd(
    type: AnalyticsEventType,
    { tool, toolContext, ended }: RunningTool,
    content?: RowFacts["content"],
  ): void {
    const { invocationContext: context } = toolContext;
    const { step, latency } = ended ?? this.#steps.end(toolKey(toolContext), context);
    const attributes = callOf(tool, toolContext);
    this.#record(type, toolContext, step, { content, attributes, latency });
  }

  #recordCompactions(context: InvocationContext): void {
    const parentSpanId = this.#runSpan(context);
    recordCompactions(this.#recorder, context, { parentSpanId, known: this.#compactions });
  }

  #runSpan(context: InvocationContext): string {
    return this.#steps.of(RUN, context).spanId;
  }
}

/** Whether what the call has for a response speaks of its request to a person. */
function asksPerson(actions: Event["actions"], callId: string = ""): boolean {
  return (
    Object.hasOwn(actions.requestedToolConfirmations, callId) ||
    Object.hasOwn(actions.requestedAuthConfigs, callId)
  );
}

function callOf(tool: BaseTool, { functionCallId }: ToolContext): Record<string, unknown> {
  return { tool: tool.name, call_id: functionCallId };
}
