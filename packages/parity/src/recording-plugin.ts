import {
  BasePlugin,
  type BaseAgent,
  type BaseTool,
  type Content,
  type Context,
  type Event,
  type InvocationContext,
  type LlmRequest,
  type LlmResponse,
} from "@adk/core";
import type { Rule } from "./scenario.ts";
import type { RuleBook, Subject } from "./rule-book.ts";

type Run = { invocationContext: InvocationContext };
type Agent = { agent: BaseAgent; callbackContext: Context };
type Model = { callbackContext: Context };
type Tool = { tool: BaseTool; toolArgs: Record<string, unknown>; toolContext: Context };

/** A plugin that has every hook, notes every call and does what its rules say. */
export class RecordingPlugin extends BasePlugin {
  readonly #rules: RuleBook;

  constructor(name: string, rules: RuleBook) {
    super(name);
    this.#rules = rules;
  }

  override async onUserMessageCallback(params: Run): Promise<Content | undefined> {
    return this.#rules.call("onUserMessage", run(params))?.content;
  }
  override async beforeRunCallback(params: Run): Promise<Content | undefined> {
    return this.#rules.call("beforeRun", run(params))?.content;
  }
  override async afterRunCallback(params: Run): Promise<void> {
    this.#rules.call("afterRun", run(params));
  }
  override async onRunErrorCallback(params: Run): Promise<void> {
    this.#rules.call("onRunError", run(params));
  }
  override async onEventCallback(params: Run & { event: Event }): Promise<Event | undefined> {
    const { author, partial = false } = params.event;
    const rule = this.#rules.call("onEvent", { ...run(params), agent: author, partial });
    return rule?.event && changed(params.event, rule.event);
  }

  override async beforeAgentCallback(params: Agent): Promise<Content | undefined> {
    return this.#rules.call("beforeAgent", agent(params))?.content;
  }
  override async afterAgentCallback(params: Agent): Promise<Content | undefined> {
    return this.#rules.call("afterAgent", agent(params))?.content;
  }
  override async onAgentErrorCallback(params: Agent): Promise<void> {
    this.#rules.call("onAgentError", agent(params));
  }

  override async beforeModelCallback(
    params: Model & { llmRequest: LlmRequest },
  ): Promise<LlmResponse | undefined> {
    const { llmRequest } = params;
    return this.#rules.call("beforeModel", { ...model(params), llmRequest })?.response;
  }
  override async afterModelCallback(params: Model): Promise<LlmResponse | undefined> {
    return this.#rules.call("afterModel", model(params))?.response;
  }
  override async onModelErrorCallback(params: Model): Promise<LlmResponse | undefined> {
    return this.#rules.call("onModelError", model(params))?.response;
  }

  override async beforeToolCallback(params: Tool): Promise<Rule["result"]> {
    return this.#rules.call("beforeTool", tool(params))?.result;
  }
  override async afterToolCallback(params: Tool): Promise<Rule["result"]> {
    return this.#rules.call("afterTool", tool(params))?.result;
  }
  override async onToolErrorCallback(params: Tool): Promise<Rule["result"]> {
    return this.#rules.call("onToolError", tool(params))?.result;
  }
}

function run({ invocationContext }: Run): Subject {
  return {
    setState(key, value) {
      invocationContext.session.state[key] = value;
    },
  };
}

function agent({ agent: { name }, callbackContext }: Agent): Subject {
  return { ...model({ callbackContext }), agent: name };
}

function model({ callbackContext: { agentName, state } }: Model): Subject {
  return { agent: agentName, setState: (key, value) => state.set(key, value) };
}

function tool({ tool: { name }, toolArgs, toolContext: { agentName, state } }: Tool): Subject {
  return {
    agent: agentName,
    tool: name,
    args: toolArgs,
    setState: (key, value) => state.set(key, value),
  };
}

/** The event with what the rule names in its place; the author stays. */
function changed(event: Event, named: Partial<Event>): Event {
  const actions = { ...event.actions, ...named.actions };
  return { ...event, ...named, author: event.author, actions };
}
