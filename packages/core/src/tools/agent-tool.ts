import type { BaseAgent } from "../agents/base-agent.ts";
import type { LlmAgent } from "../agents/llm-agent.ts";
import type { Content, FunctionDeclaration } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { checkOptions, type OptionCheck } from "../internal/check-options.ts";
import { WAITING } from "../internal/waiting.ts";
import { BaseTool, type RunAsyncToolRequest } from "./base-tool.ts";
import { describeArgumentIssues } from "./schema/describe-argument-issues.ts";
import { parseOutput } from "./schema/parse-output.ts";
import { readToolParameters, type ToolParameters } from "./schema/tool-parameters.ts";

const BRAND: unique symbol = Symbol.for("google.adk.agentTool") as never;

/** Whether `value` is an agent tool, of this or of another copy of the package. */
export function isAgentTool(value: unknown): value is AgentTool {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Options of an agent as a tool. */
export interface AgentToolConfig {
  agent: BaseAgent;
  /** The agent's answer is the last word: the model is not asked again. @defaultValue false */
  skipSummarization?: boolean | undefined;
  /** Whether the app's plugins see the agent's run. @defaultValue true */
  includePlugins?: boolean | undefined;
}

const OPTIONS: Readonly<Record<keyof AgentToolConfig, OptionCheck>> = {
  agent: (value) =>
    typeof (value as BaseAgent | null)?.runAsync === "function" ? undefined : "an agent",
  skipSummarization: "boolean",
  includePlugins: "boolean",
};

/** Arguments of an agent without an `inputSchema`. */
const REQUEST = {
  type: "object",
  properties: { request: { type: "string", description: "What the agent is asked." } },
  required: ["request"],
} as const;

/**
 * An agent as a tool: it is asked, answers, and the calling agent goes on with the answer. It runs in a session of its own
 * with a copy of the caller's state; what it writes to state and artifacts reaches the caller.
 *
 * The arguments are the agent's `inputSchema`, or one text, `request`. The result is the text of its last event, or, with
 * an `outputSchema`, the object in it.
 */
export class AgentTool extends BaseTool {
  readonly agent: BaseAgent;
  readonly skipSummarization: boolean;
  readonly includePlugins: boolean;
  readonly #parameters: ToolParameters;
  readonly #hasSchema: boolean;

  constructor(config: AgentToolConfig) {
    if (typeof (config as unknown as BaseAgent | undefined)?.runAsync === "function")
      throw new AdkError(
        "INVALID_ARGUMENT",
        "AgentTool takes its options as an object. Give it `{ agent }`.",
      );
    checkOptions("AgentTool", config, OPTIONS);
    const { agent, skipSummarization = false, includePlugins = true } = config;
    if (agent === undefined) throw new AdkError("INVALID_ARGUMENT", "AgentTool needs an `agent`.");
    super({ name: agent.name, description: agent.description });
    this.agent = agent;
    this.skipSummarization = skipSummarization;
    this.includePlugins = includePlugins;
    const inputSchema = "inputSchema" in agent ? (agent as LlmAgent).inputSchema : undefined;
    this.#hasSchema = inputSchema !== undefined;
    this.#parameters = readToolParameters(
      inputSchema ?? REQUEST,
      `Agent ${agent.name}: \`inputSchema\``,
    );
    Object.defineProperty(this, BRAND, { value: true });
  }

  override _getDeclaration(): FunctionDeclaration {
    return { name: this.name, description: this.description, ...this.#parameters.declaration };
  }

  override async runAsync({ args, toolContext }: RunAsyncToolRequest): Promise<unknown> {
    const input = await this.#parameters.validate(args);
    if (input.issues) return { error: describeArgumentIssues(this.name, args, input.issues) };
    if (this.skipSummarization) toolContext.actions.skipSummarization = true;
    const { invocation } = toolContext.invocationContext;
    const { last, isWaiting } = await invocation.runNested({
      agent: this.agent,
      message: this.#message(input.value),
      toolContext,
      includePlugins: this.includePlugins,
    });
    return isWaiting ? WAITING : this.#result(last);
  }

  #message(input: unknown): Content {
    const text = this.#hasSchema ? JSON.stringify(input) : (input as { request: string }).request;
    return { role: "user", parts: [{ text: text === "" ? " " : text }] };
  }

  #result(last: Event | undefined): unknown {
    if (last?.errorCode !== undefined && !last.content?.parts?.length)
      return { error: last.errorMessage ?? last.errorCode };
    const text = (last?.content?.parts ?? [])
      .filter((part) => part.text !== undefined && !part.thought)
      .map((part) => part.text)
      .join("\n");
    const format = "outputFormat" in this.agent ? (this.agent as LlmAgent).outputFormat : undefined;
    return format && text !== "" ? parseOutput(this.agent.name, format, text) : text;
  }
}
