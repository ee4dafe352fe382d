import type { Content, GenerateContentConfig } from "../content/content.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import type { ReadonlyContext } from "../context/readonly-context.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { agentRun } from "../log/agent-run.ts";
import { runLlmFlow } from "../flows/llm-flow.ts";
import type {
  BaseLlmRequestProcessor,
  BaseLlmResponseProcessor,
} from "../flows/processors/request-processor.ts";
import { followTransfer, type Transfer } from "../flows/transfer-targets.ts";
import { checkOptions, describe } from "../internal/check-options.ts";
import { type BaseLlm, isBaseLlm } from "../models/base-llm.ts";
import { LLMRegistry } from "../models/llm-registry.ts";
import type { BasePlanner } from "../planners/base-planner.ts";
import { type BaseTool, isBaseTool } from "../tools/base-tool.ts";
import { type BaseToolset, isBaseToolset } from "../tools/base-toolset.ts";
import { type AnySchema, type ReadSchema, readSchema } from "../tools/schema/read-schema.ts";
import { BaseAgent, type BaseAgentConfig } from "./base-agent.ts";
import {
  type AfterModelCallback,
  type AfterToolCallback,
  type BeforeModelCallback,
  type BeforeToolCallback,
  callbackList,
  type OnModelErrorCallback,
  type OnToolErrorCallback,
  type SingleAfterModelCallback,
  type SingleAfterToolCallback,
  type SingleBeforeModelCallback,
  type SingleBeforeToolCallback,
  type SingleOnModelErrorCallback,
  type SingleOnToolErrorCallback,
} from "./callbacks.ts";
import { LLM_AGENT_OPTIONS } from "./llm-agent-options.ts";

const BRAND: unique symbol = Symbol.for("google.adk.llmAgent") as never;

/** Whether `value` is an LLM agent, of this or of another copy of the package. */
export function isLlmAgent(value: unknown): value is LlmAgent {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Makes an instruction for one request; its text is taken as it is, `{…}` in it is not filled. */
export type InstructionProvider = (context: ReadonlyContext) => string | Promise<string>;

/** What an agent's `tools` may hold. */
export type ToolUnion = BaseTool | BaseToolset;

/** Options of an LLM agent. Of each callback, plugins are asked first; of a list, the first answer counts. */
export interface LlmAgentConfig extends BaseAgentConfig {
  /** A model, or a name that `LLMRegistry` knows. @defaultValue the nearest LLM agent's above, else {@link LlmAgent.defaultModel} */
  model?: string | BaseLlm | undefined;
  /** `{name}` in a text is filled from state, `{artifact.file}` from artifacts; `{name?}` may be absent. */
  instruction?: string | InstructionProvider | undefined;
  /** Of the root only: for all agents below it too. */
  globalInstruction?: string | InstructionProvider | undefined;
  /** Always the same, first in the request, so that providers can cache it; `instruction` moves behind the history. */
  staticInstruction?: string | Content | undefined;
  /** What the model may call. Two tools of one name are refused. */
  tools?: ToolUnion[] | undefined;
  /** Must not set `tools`, `systemInstruction`, `responseSchema` or `responseJsonSchema`: the agent has options for these. */
  generateContentConfig?: GenerateContentConfig | undefined;
  /** @defaultValue false */
  disallowTransferToParent?: boolean | undefined;
  /** @defaultValue false */
  disallowTransferToPeers?: boolean | undefined;
  /** `none`: the model sees the current turn only. @defaultValue "default" */
  includeContents?: "default" | "none" | undefined;
  /** Arguments of the agent when it is used as a tool. @defaultValue one text, `request` */
  inputSchema?: AnySchema | undefined;
  /** The shape of the answer: Standard Schema, JSON Schema or `Schema` of `@google/genai`. */
  outputSchema?: AnySchema | undefined;
  /** The state key that the final text (parsed, with `outputSchema`) is put under. */
  outputKey?: string | undefined;
  /** Lets the model plan before it acts. */
  planner?: BasePlanner | undefined;
  /** How long to wait for a model's next piece, in milliseconds. @defaultValue no limit */
  modelTimeoutMs?: number | undefined;
  beforeModelCallback?: BeforeModelCallback | undefined;
  afterModelCallback?: AfterModelCallback | undefined;
  onModelErrorCallback?: OnModelErrorCallback | undefined;
  beforeToolCallback?: BeforeToolCallback | undefined;
  afterToolCallback?: AfterToolCallback | undefined;
  onToolErrorCallback?: OnToolErrorCallback | undefined;
  /** Steps of your own in the making of each request, after the engine's. */
  requestProcessors?: BaseLlmRequestProcessor[] | undefined;
  /** Steps of your own on each response. */
  responseProcessors?: BaseLlmResponseProcessor[] | undefined;
}

/** An agent that asks a model what to say and which tools to call, until the model has said its last word. */
export class LlmAgent extends BaseAgent<LlmAgentConfig> {
  /** The model of agents that have none, and none above them. */
  static defaultModel: string | BaseLlm = "gemini-3.5-flash";

  readonly model: string | BaseLlm | undefined;
  readonly instruction: string | InstructionProvider;
  readonly globalInstruction: string | InstructionProvider;
  readonly staticInstruction: string | Content | undefined;
  readonly tools: readonly ToolUnion[];
  readonly toolsets: readonly BaseToolset[];
  readonly generateContentConfig: GenerateContentConfig | undefined;
  readonly disallowTransferToParent: boolean;
  readonly disallowTransferToPeers: boolean;
  readonly includeContents: "default" | "none";
  readonly inputSchema: AnySchema | undefined;
  readonly outputSchema: AnySchema | undefined;
  /** `outputSchema`, read. */
  readonly outputFormat: ReadSchema | undefined;
  readonly outputKey: string | undefined;
  readonly planner: BasePlanner | undefined;
  readonly modelTimeoutMs: number | undefined;
  readonly beforeModelCallbacks: readonly SingleBeforeModelCallback[];
  readonly afterModelCallbacks: readonly SingleAfterModelCallback[];
  readonly onModelErrorCallbacks: readonly SingleOnModelErrorCallback[];
  readonly beforeToolCallbacks: readonly SingleBeforeToolCallback[];
  readonly afterToolCallbacks: readonly SingleAfterToolCallback[];
  readonly onToolErrorCallbacks: readonly SingleOnToolErrorCallback[];
  readonly requestProcessors: readonly BaseLlmRequestProcessor[];
  readonly responseProcessors: readonly BaseLlmResponseProcessor[];
  #resolvedModel: { readonly from: string | BaseLlm; readonly llm: BaseLlm } | undefined;

  constructor(config: LlmAgentConfig) {
    const isSubclass = new.target !== LlmAgent;
    super(checkConfig(config, isSubclass), LLM_AGENT_OPTIONS, isSubclass);
    const owner = `Agent ${this.name}`;
    this.model = config.model;
    this.instruction = config.instruction ?? "";
    this.globalInstruction = config.globalInstruction ?? "";
    this.staticInstruction = config.staticInstruction;
    this.tools = [...(config.tools ?? [])];
    this.toolsets = this.tools.filter(isBaseToolset);
    this.generateContentConfig = config.generateContentConfig;
    this.disallowTransferToParent = config.disallowTransferToParent ?? false;
    this.disallowTransferToPeers = config.disallowTransferToPeers ?? false;
    this.includeContents = config.includeContents ?? "default";
    this.inputSchema = config.inputSchema;
    this.outputSchema = config.outputSchema;
    this.outputFormat =
      config.outputSchema === undefined
        ? undefined
        : readSchema(config.outputSchema, `${owner}: \`outputSchema\``);
    this.outputKey = config.outputKey;
    this.planner = config.planner;
    this.modelTimeoutMs = config.modelTimeoutMs;
    this.beforeModelCallbacks = callbackList(
      owner,
      "beforeModelCallback",
      config.beforeModelCallback,
    );
    this.afterModelCallbacks = callbackList(owner, "afterModelCallback", config.afterModelCallback);
    this.onModelErrorCallbacks = callbackList(
      owner,
      "onModelErrorCallback",
      config.onModelErrorCallback,
    );
    this.beforeToolCallbacks = callbackList(owner, "beforeToolCallback", config.beforeToolCallback);
    this.afterToolCallbacks = callbackList(owner, "afterToolCallback", config.afterToolCallback);
    this.onToolErrorCallbacks = callbackList(
      owner,
      "onToolErrorCallback",
      config.onToolErrorCallback,
    );
    this.requestProcessors = [...(config.requestProcessors ?? [])];
    this.responseProcessors = [...(config.responseProcessors ?? [])];
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The model this agent asks: its own, the nearest LLM agent's above, or the default. */
  get canonicalModel(): BaseLlm {
    const from = this.#ownOrInheritedModel() ?? LlmAgent.defaultModel;
    if (this.#resolvedModel?.from !== from)
      this.#resolvedModel = { from, llm: isBaseLlm(from) ? from : LLMRegistry.newLlm(from) };
    return this.#resolvedModel.llm;
  }

  /** The agent's tools, those of its toolsets included. A toolset that fails is logged and left out. */
  async canonicalTools(context?: ReadonlyContext): Promise<BaseTool[]> {
    if (this.toolsets.length === 0) return this.tools as BaseTool[];
    const groups = await Promise.all(
      this.tools.map(async (tool) => {
        if (!isBaseToolset(tool)) return [tool];
        try {
          return checkList(await tool.getToolsWithPrefix(context));
        } catch (error) {
          context?.invocationContext.invocation.logger.error(
            `A toolset of agent ${this.name} could not list its tools; it is left out.`,
            { error },
          );
          return [];
        }
      }),
    );
    return groups.flat();
  }

  /** The agent's run, then those of the agents that the conversation is handed over to, one after the other. */
  override async *runAsync(
    parentContext: InvocationContext,
  ): AsyncGenerator<Event, void, undefined> {
    let agent: BaseAgent | undefined = this;
    let from = parentContext.startOf(this);
    let end: number | undefined;
    while (agent) {
      const context = parentContext.clone({ childFrom: from });
      yield* isLlmAgent(agent) ? agent.#runWithHooks(context) : agent.runAsync(context);
      const run = context.forRunOf(agent);
      if (run.isResumable) end = agentRun(run.runStart).nextIndex;
      const transfer: Transfer | undefined = isLlmAgent(agent)
        ? followTransfer(agent, run)
        : undefined;
      agent = transfer?.agent;
      from = transfer?.from ?? from;
    }
    if (parentContext.isResumable)
      parentContext.ranTo(this, end ?? parentContext.session.events.length);
  }

  #runWithHooks(parentContext: InvocationContext): AsyncGenerator<Event, void, undefined> {
    return super.runAsync(parentContext);
  }

  protected runAsyncImpl(context: InvocationContext): AsyncGenerator<Event, void, undefined> {
    return runLlmFlow(context);
  }

  #ownOrInheritedModel(): string | BaseLlm | undefined {
    for (let agent: BaseAgent | undefined = this; agent; agent = agent.parentAgent)
      if (isLlmAgent(agent) && agent.model !== undefined && agent.model !== "") return agent.model;
    return undefined;
  }
}

/** ADK's short name. */
export { LlmAgent as Agent };

/** What a toolset lists, if it is tools. */
function checkList(tools: BaseTool[]): BaseTool[] {
  const unfit = tools.find((tool) => !isBaseTool(tool));
  if (unfit === undefined) return tools;
  throw new AdkError(
    "INVALID_ARGUMENT",
    `getTools() gave ${describe(unfit)} among its tools. Give tools only: objects that extend BaseTool.`,
  );
}

const CALLBACKS = [
  "beforeModelCallback",
  "afterModelCallback",
  "onModelErrorCallback",
  "beforeToolCallback",
  "afterToolCallback",
  "onToolErrorCallback",
] as const;

/**
 * Everything that can be wrong with the options of this class, before the agent adopts its sub-agents: those of an agent that
 * could not be made belong to nobody.
 *
 * @throws AdkError `INVALID_ARGUMENT`
 */
function checkConfig(config: LlmAgentConfig, isOpen: boolean): LlmAgentConfig {
  checkOptions("LlmAgent", config, LLM_AGENT_OPTIONS, isOpen);
  const owner = `Agent ${config.name}`;
  for (const name of CALLBACKS) callbackList<unknown>(owner, name, config[name]);
  for (const name of ["inputSchema", "outputSchema"] as const)
    if (config[name] !== undefined) readSchema(config[name], `${owner}: \`${name}\``);
  checkTools(owner, config.tools ?? []);
  return config;
}

/** @throws AdkError `INVALID_ARGUMENT` */
function checkTools(owner: string, tools: readonly unknown[]): void {
  const names = new Set<string>();
  for (const tool of tools) {
    if (isBaseToolset(tool)) continue;
    if (!isBaseTool(tool))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `${owner}: \`tools\` must be tools or toolsets, got ${describe(tool)}. Wrap a function: new FunctionTool({ description, parameters, execute }); an agent: new AgentTool({ agent }).`,
      );
    if (names.has(tool.name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `${owner} has two tools named ${tool.name}. Give one of them another \`name\`.`,
      );
    names.add(tool.name);
  }
}
