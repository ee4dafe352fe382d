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
import {
  type DescribeOptions,
  describeContent,
  describeText,
  describeValue,
} from "../internal/describe-content.ts";
import { isResumed } from "../internal/is-resumed.ts";
import { filledText, PLUGIN_OPTIONS, pluginOptions } from "../internal/option-checks.ts";
import { modelKey, RunMap, toolKey } from "../internal/run-map.ts";
import { describeEvent } from "./describe-event.ts";
import { Trace, type WriteLine } from "./trace.ts";

/** Where the trace goes, and how much it says. */
export interface LoggingPluginOptions extends PluginOptions {
  /** Takes each line. @defaultValue `console.log` */
  write?: WriteLine | undefined;
  /** Whether the lines show texts, arguments, results and messages of errors. @defaultValue false */
  payloads?: boolean | undefined;
  /** Where texts are cut, in characters. @defaultValue 200 */
  maxTextLength?: number | undefined;
  /** Where arguments and results are cut, in characters of JSON. @defaultValue 300 */
  maxArgsLength?: number | undefined;
  /** @defaultValue "logging_plugin" */
  name?: string | undefined;
}

const OPTIONS: Readonly<Record<keyof LoggingPluginOptions, OptionCheck>> = {
  write: "function",
  payloads: "boolean",
  maxTextLength: integer(1),
  maxArgsLength: integer(1),
  name: filledText,
  ...PLUGIN_OPTIONS,
};

/**
 * Writes a line for everything that happens in a run: who asked whom for what, how long it took, what it cost.
 *
 * Ids, names, sizes and times only, unless `payloads` is set; what plugins of the app redact is redacted here, too. It changes nothing and answers nothing. Register it first: a hook
 * of an earlier plugin that answers keeps later plugins from being asked.
 */
export class LoggingPlugin extends BasePlugin {
  readonly #trace: Trace;
  readonly #describe: DescribeOptions;
  /** Pieces of the streamed answer so far. */
  readonly #pieces: RunMap<number> = new RunMap();

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: LoggingPluginOptions = {}) {
    checkOptions("LoggingPlugin", options, OPTIONS);
    super(options.name ?? "logging_plugin", pluginOptions(options));
    this.#trace = new Trace(this.name, options.write ?? writeToConsole);
    this.#describe = {
      payloads: options.payloads ?? false,
      maxTextLength: options.maxTextLength ?? 200,
      maxArgsLength: options.maxArgsLength ?? 300,
    };
  }

  override async onUserMessageCallback(params: {
    invocationContext: InvocationContext;
    userMessage: Content;
  }): Promise<undefined> {
    const { invocationContext: context, userMessage } = params;
    const { session, userId } = context;
    this.#trace.line(context, `session ${session.id} of user ${userId}`);
    this.#trace.line(
      context,
      `user says: ${describeContent(new AsStored(context, "user").content(userMessage), this.#describe)}`,
    );
  }

  override async beforeRunCallback(params: {
    invocationContext: InvocationContext;
  }): Promise<undefined> {
    const { invocationContext: context } = params;
    const again = isResumed(context) ? ", where it was left" : "";
    this.#trace.line(context, `run starts with agent ${context.agent.name}${again}`);
  }

  override async beforeAgentCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
  }): Promise<undefined> {
    const { agent, callbackContext } = params;
    const branch =
      callbackContext.branch === undefined ? "" : ` (branch ${callbackContext.branch})`;
    this.#trace.line(callbackContext.invocationContext, `agent ${agent.name} starts${branch}`);
  }

  override async beforeModelCallback(params: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
  }): Promise<undefined> {
    const { callbackContext, llmRequest } = params;
    const { invocationContext: context, agentName } = callbackContext;
    const { model = "its model", contents, toolsDict } = llmRequest;
    const tools = Object.keys(toolsDict);
    const named = tools.length > 0 ? `, tools ${tools.join(", ")}` : "";
    this.#trace.begin(modelKey(callbackContext), context);
    this.#trace.line(
      context,
      `agent ${agentName} asks ${model}: ${contents.length} contents${named}`,
    );
  }

  override async afterModelCallback(params: {
    callbackContext: CallbackContext;
    llmResponse: LlmResponse;
  }): Promise<undefined> {
    const { callbackContext, llmResponse } = params;
    const { invocationContext: context, agentName } = callbackContext;
    const key = modelKey(callbackContext);
    const pieces = this.#pieces.get(context, key) ?? 0;
    if (llmResponse.partial) return void this.#pieces.set(context, key, pieces + 1);
    this.#pieces.delete(context, key);
    const streamed = pieces > 0 ? `, streamed in ${pieces} pieces` : "";
    const stored = new AsStored(context);
    const said = stored.content(llmResponse.content);
    const errorCode = stored.errorCode(llmResponse.errorCode);
    const failed = errorCode === undefined ? "" : `error ${errorCode}, `;
    this.#trace.line(
      context,
      `agent ${agentName} is answered: ${failed}${describeContent(said, this.#describe)}${tokensOf(llmResponse)}${streamed}${this.#trace.took(modelKey(callbackContext), context)}`,
    );
  }

  override async onModelErrorCallback(params: {
    callbackContext: CallbackContext;
    llmRequest: LlmRequest;
    error: Error;
  }): Promise<undefined> {
    const { callbackContext, error } = params;
    const { invocationContext: context, agentName } = callbackContext;
    this.#trace.line(
      context,
      `agent ${agentName} gets no answer: ${this.#error(context, error)}${this.#trace.took(modelKey(callbackContext), context)}`,
    );
  }

  override async beforeToolCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
  }): Promise<undefined> {
    const { tool, toolArgs, toolContext } = params;
    const { invocationContext: context, functionCallId, attempt } = toolContext;
    const again = attempt > 1 ? `, attempt ${attempt}` : "";
    this.#trace.begin(toolKey(toolContext), context);
    this.#trace.line(
      context,
      `tool ${tool.name} starts${this.#value(() => new AsStored(context).args(tool.name, toolArgs))} (call ${functionCallId}${again})`,
    );
  }

  override async afterToolCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
    result: unknown;
  }): Promise<undefined> {
    const { tool, toolContext, result } = params;
    const { invocationContext: context, functionCallId } = toolContext;
    this.#trace.line(
      context,
      `tool ${tool.name} returns${this.#value(() => new AsStored(context).result(tool.name, result))} (call ${functionCallId})${this.#trace.took(toolKey(toolContext), context)}`,
    );
  }

  override async onToolErrorCallback(params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: ToolContext;
    error: Error;
  }): Promise<undefined> {
    const { tool, toolContext, error } = params;
    const { invocationContext: context, functionCallId } = toolContext;
    this.#trace.line(
      context,
      `tool ${tool.name} fails: ${this.#error(context, error)} (call ${functionCallId})`,
    );
  }

  override async onEventCallback(params: {
    invocationContext: InvocationContext;
    event: Event;
  }): Promise<undefined> {
    const { invocationContext, event } = params;
    if (event.partial) return;
    this.#trace.line(
      invocationContext,
      `event ${event.id} of ${event.author}: ${describeEvent(new AsStored(invocationContext).event(event), this.#describe)}`,
    );
  }

  override async afterAgentCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
  }): Promise<undefined> {
    const { agent, callbackContext } = params;
    this.#trace.line(callbackContext.invocationContext, `agent ${agent.name} ends`);
  }

  override async onAgentErrorCallback(params: {
    agent: BaseAgent;
    callbackContext: CallbackContext;
    error: Error;
  }): Promise<void> {
    const { agent, callbackContext, error } = params;
    const { invocationContext: context } = callbackContext;
    this.#trace.line(context, `agent ${agent.name} fails: ${this.#error(context, error)}`);
  }

  override async afterRunCallback(params: { invocationContext: InvocationContext }): Promise<void> {
    this.#trace.line(params.invocationContext, "run ends");
  }

  override async onRunErrorCallback(params: {
    invocationContext: InvocationContext;
    error: Error;
  }): Promise<void> {
    const { invocationContext: context, error } = params;
    this.#trace.line(context, `run fails: ${this.#error(context, error)}`);
  }

  #value(read: () => unknown): string {
    return this.#describe.payloads ? describeValue(read(), this.#describe) : "";
  }

  /** Messages of errors may quote what was said. */
  #error(context: InvocationContext, error: Error): string {
    const kind = AdkError.isInstance(error) ? error.code : error.name;
    return this.#describe.payloads
      ? `${kind} ${describeText(new AsStored(context).text(error.message), this.#describe)}`
      : kind;
  }
}

function tokensOf({ usageMetadata }: LlmResponse): string {
  if (usageMetadata === undefined) return "";
  const { promptTokenCount = 0, candidatesTokenCount = 0 } = usageMetadata;
  return `, ${promptTokenCount} + ${candidatesTokenCount} tokens`;
}

function writeToConsole(line: string): void {
  // oxlint-disable-next-line no-console
  console.log(line);
}
