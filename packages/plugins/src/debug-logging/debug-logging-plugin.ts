import { randomUUID } from "node:crypto";
import {
  AdkError,
  type BaseAgent,
  BasePlugin,
  type BaseTool,
  type CallbackContext,
  checkOptions,
  type Content,
  type Event,
  type InvocationContext,
  type LlmRequest,
  type LlmResponse,
  type OptionCheck,
  type PluginOptions,
  type ToolContext,
  integer,
} from "@adk/core";
import { AsStored } from "../internal/as-stored.ts";
import { isResumed } from "../internal/is-resumed.ts";
import { filledText, PLUGIN_OPTIONS, pluginOptions } from "../internal/option-checks.ts";
import { plain } from "../internal/plain.ts";
import { modelKey, RunMap } from "../internal/run-map.ts";
import { DocumentFile } from "./document-file.ts";
import { heldBack, shownAnswers } from "./shown-answers.ts";

/** Where the documents go, and what stands in them. */
export interface DebugLoggingPluginOptions extends PluginOptions {
  /** Relative to the working directory; missing folders are made. @defaultValue "adk_debug.yaml" */
  outputPath?: string | undefined;
  /** Whether the session's state at the end is in the document. @defaultValue true */
  includeSessionState?: boolean | undefined;
  /** Whether system instructions are. @defaultValue true */
  includeSystemInstruction?: boolean | undefined;
  /** Where texts are cut, in characters. @defaultValue nowhere */
  maxTextLength?: number | undefined;
  /** @defaultValue "debug_logging_plugin" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof DebugLoggingPluginOptions, OptionCheck>> = {
  outputPath: filledText,
  includeSessionState: "boolean",
  includeSystemInstruction: "boolean",
  maxTextLength: integer(1),
  name: filledText,
  ...PLUGIN_OPTIONS,
};

/** What the file has of one step. */
type Entry = Record<string, unknown>;

/** An answer whose pieces come. */
interface OpenAnswer {
  readonly id: string;
  readonly context: CallbackContext;
}

/**
 * Adds a YAML document to a file for each run of an invocation, with every request, answer, tool call, event and error, and the
 * state at the end. It holds **all that was said**, as far as the log does: what plugins of the app redact is redacted here, too.
 * Only the bytes of files are left out. For development.
 *
 * A document is written when its run ends, fails or is left. A file that cannot be written is logged and ends no run.
 */
export class DebugLoggingPlugin extends BasePlugin {
  readonly #file: DocumentFile;
  readonly #includeSessionState: boolean;
  readonly #includeSystemInstruction: boolean;
  readonly #maxTextLength: number | undefined;
  readonly #entries: RunMap<Entry[]> = new RunMap();
  readonly #answers: RunMap<OpenAnswer> = new RunMap();

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: DebugLoggingPluginOptions = {}) {
    checkOptions("DebugLoggingPlugin", options, OPTIONS);
    super(options.name ?? "debug_logging_plugin", pluginOptions(options));
    this.#file = new DocumentFile(options.outputPath ?? "adk_debug.yaml");
    this.#includeSessionState = options.includeSessionState ?? true;
    this.#includeSystemInstruction = options.includeSystemInstruction ?? true;
    this.#maxTextLength = options.maxTextLength;
  }

  override async onUserMessageCallback(params: {
    invocationContext: InvocationContext;
    userMessage: Content;
  }): Promise<undefined> {
    const { invocationContext: context, userMessage } = params;
    this.#note(context, "user_message", {
      content: new AsStored(context, "user").content(userMessage),
    });
  }

  override async beforeRunCallback(params: {
    invocationContext: InvocationContext;
  }): Promise<undefined> {
    const { agent } = params.invocationContext;
    this.#note(params.invocationContext, "run_start", {
      agent: agent.name,
      resumed: isResumed(params.invocationContext),
    });
  }

  override async beforeAgentCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
  }): Promise<undefined> {
    this.#noteOf(params.callbackContext, "agent_start", {});
  }

  override async beforeModelCallback(params: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    const { model, contents, config = {}, toolsDict } = params.llmRequest;
    const { systemInstruction, abortSignal: _signal, ...rest } = config;
    const stored = new AsStored(params.callbackContext.invocationContext);
    this.#noteOf(params.callbackContext, "llm_request", {
      model,
      ...(this.#includeSystemInstruction
        ? { system_instruction: stored.value(systemInstruction) }
        : {}),
      contents: contents.map((content) => stored.content(content)),
      config: stored.value(rest),
      tools: Object.keys(toolsDict),
    });
  }

  override async afterModelCallback(params: {
    callbackContext: CallbackContext;
    llmResponse: LlmResponse;
  }): Promise<undefined> {
    const { callbackContext, llmResponse } = params;
    const { invocationContext: context } = callbackContext;
    const key = modelKey(callbackContext);
    const answer =
      this.#answers.get(context, key) ??
      this.#answers.set(context, key, { id: randomUUID(), context: callbackContext });
    if (!llmResponse.partial) this.#answers.delete(context, key);
    this.#noteAnswers(answer, shownAnswers(new AsStored(context), answer.id, llmResponse));
  }

  override async onModelErrorCallback(params: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
    error: Error;
  }): Promise<undefined> {
    const { callbackContext, error } = params;
    const { invocationContext: context } = callbackContext;
    const answer = this.#answers.get(context, modelKey(callbackContext));
    this.#answers.delete(context, modelKey(callbackContext));
    if (answer) this.#noteAnswers(answer, heldBack(new AsStored(context), answer.id));
    this.#noteOf(callbackContext, "llm_error", { error: told(error, context) });
  }

  override async beforeToolCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
  }): Promise<undefined> {
    const { tool, toolArgs, toolContext } = params;
    const { attempt } = toolContext;
    const args = new AsStored(toolContext.invocationContext).args(tool.name, toolArgs);
    this.#noteTool(toolContext, "tool_call", { tool: tool.name, args, attempt });
  }

  override async afterToolCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
    result: unknown;
  }): Promise<undefined> {
    const { tool, toolContext } = params;
    const result = new AsStored(toolContext.invocationContext).result(tool.name, params.result);
    this.#noteTool(toolContext, "tool_response", { tool: tool.name, result });
  }

  override async onToolErrorCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
    error: Error;
  }): Promise<undefined> {
    const { tool, toolContext } = params;
    const error = told(params.error, toolContext.invocationContext);
    this.#noteTool(toolContext, "tool_error", { tool: tool.name, error });
  }

  override async onEventCallback(params: {
    invocationContext: InvocationContext;
    event: Event;
  }): Promise<undefined> {
    const { invocationContext: context, event } = params;
    if (!event.partial) this.#note(context, "event", { event: new AsStored(context).event(event) });
  }

  override async afterAgentCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
  }): Promise<undefined> {
    this.#noteOf(params.callbackContext, "agent_end", {});
  }

  override async onAgentErrorCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
    error: Error;
  }): Promise<void> {
    const error = told(params.error, params.callbackContext.invocationContext);
    this.#noteOf(params.callbackContext, "agent_error", { error });
  }

  override async afterRunCallback(params: { invocationContext: InvocationContext }): Promise<void> {
    await this.#write(params.invocationContext, { outcome: "ended" });
  }

  override async onRunErrorCallback(params: {
    invocationContext: InvocationContext;
    error: Error;
  }): Promise<void> {
    const { invocationContext: context } = params;
    await this.#write(context, { outcome: "failed", error: told(params.error, context) });
  }

  #noteOf(context: CallbackContext, type: string, data: Entry): void {
    this.#note(context.invocationContext, type, { agent: context.agentName, ...data });
  }

  #noteTool(context: ToolContext, type: string, data: Entry): void {
    this.#noteOf(context, type, { call_id: context.functionCallId, ...data });
  }

  #noteAnswers({ context }: OpenAnswer, responses: readonly LlmResponse[]): void {
    for (const response of responses) this.#noteOf(context, "llm_response", { response });
  }

  /** As it is now: what comes later may change it. */
  #note(context: InvocationContext, type: string, data: Entry): void {
    const entries = this.#entries.get(context, "all") ?? this.#entries.set(context, "all", []);
    const timestamp = new Date(context.invocation.clock.now()).toISOString();
    entries.push({ timestamp, type, ...(this.#plain(data) as Entry) });
  }

  async #write(context: InvocationContext, end: Entry): Promise<void> {
    const { invocation, session, invocationId } = context;
    const stored = new AsStored(context);
    for (const answer of this.#answers.take(context))
      this.#noteAnswers(
        answer,
        heldBack(new AsStored(answer.context.invocationContext), answer.id),
      );
    const document = {
      invocation_id: invocationId,
      app_name: session.appName,
      user_id: session.userId,
      session_id: session.id,
      entries: this.#entries.take(context).flat(),
      ...end,
      ...(this.#includeSessionState
        ? { session_state: this.#plain(stored.state(session.state)) }
        : {}),
    };
    try {
      await this.#file.append(document);
    } catch (error) {
      invocation.logger.error(`Plugin ${this.name} could not write ${this.#file.path}.`, { error });
    }
  }

  #plain(value: unknown): unknown {
    return plain(value, { maxTextLength: this.#maxTextLength });
  }
}

function told(error: Error, context: InvocationContext): Entry {
  const { name } = error;
  const message = new AsStored(context).text(error.message);
  return { name, ...(AdkError.isInstance(error) ? { code: error.code } : {}), message };
}
