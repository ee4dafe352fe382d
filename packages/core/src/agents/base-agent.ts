import type { Content } from "../content/content.ts";
import { Context } from "../context/context.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import type { Event } from "../events/event.ts";
import { checkOptions, describe, type OptionCheck } from "../internal/check-options.ts";
import { Stopped } from "../internal/stopped.ts";
import { isStandardSchema, type StandardSchemaV1 } from "../internal/standard-schema.ts";
import { declaredKeys } from "../context/state-schema.ts";
import {
  type AfterAgentCallback,
  type BeforeAgentCallback,
  callbackList,
  type SingleAgentCallback,
} from "./callbacks.ts";
import { firstAnswer } from "../plugins/first-answer.ts";
import {
  afterAgentNode,
  agentRun,
  beforeAgentNode,
  isFollowed,
  wasAnswered,
} from "../log/agent-run.ts";
import { openRequests } from "../log/run-span.ts";
import { stateEvent } from "./checkpoint.ts";
import { eventOfContext } from "./event-of-context.ts";
import { spanOf } from "./span-of.ts";

const BRAND: unique symbol = Symbol.for("google.adk.baseAgent") as never;

/** Whether `value` is an agent, of this or of another copy of the package. */
export function isBaseAgent(value: unknown): value is BaseAgent {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Options that every agent has. */
export interface BaseAgentConfig {
  /** Letters, digits and `_`, not starting with a digit; not `user`. Unique in its tree. */
  name: string;
  /** What the agent can do, for the agents that may hand over to it. */
  description?: string | undefined;
  /** In the order in which composed agents run them. An agent belongs to one parent; `clone()` makes a copy for another. */
  subAgents?: BaseAgent[] | undefined;
  /** Content takes the agent's place. */
  beforeAgentCallback?: BeforeAgentCallback | undefined;
  /** Content is one more event of the agent. */
  afterAgentCallback?: AfterAgentCallback | undefined;
  /**
   * An object schema (Standard Schema with JSON Schema) of the state keys without prefix, for this agent and those below: a
   * key that it does not declare, or a value that does not fit, is refused.
   */
  stateSchema?: StandardSchemaV1 | undefined;
}

export const BASE_AGENT_OPTIONS: Readonly<Record<string, OptionCheck>> = {
  name: "string",
  description: "string",
  subAgents: "array",
  beforeAgentCallback: isAny,
  afterAgentCallback: isAny,
  stateSchema: (value) =>
    isStandardSchema(value)
      ? undefined
      : "a schema of zod, valibot, arktype or another Standard Schema library",
};

/** Checked by the one who takes it, with a better message. */
export function isAny(): undefined {
  return undefined;
}

/**
 * An agent: it gets a context and yields events. Extend it and implement `runAsyncImpl` for an agent of your own; its
 * events need an author, an invocation id and the context's branch:
 * `createEvent({ author: this.name, invocationId: context.invocationId, branch: context.branch, content })`.
 */
export abstract class BaseAgent<TConfig extends BaseAgentConfig = BaseAgentConfig> {
  readonly name: string;
  readonly description: string;
  readonly subAgents: readonly BaseAgent[];
  readonly beforeAgentCallback: readonly SingleAgentCallback[];
  readonly afterAgentCallback: readonly SingleAgentCallback[];
  readonly stateSchema: StandardSchemaV1 | undefined;
  protected readonly config: TConfig;
  #parentAgent: BaseAgent | undefined;

  /**
   * @param options a row for every option of the class.
   * @param open whether options without a row are let pass; a subclass of yours may have its own.
   */
  constructor(
    config: TConfig,
    options: Readonly<Record<string, OptionCheck>> = BASE_AGENT_OPTIONS,
    open: boolean = options === BASE_AGENT_OPTIONS,
  ) {
    checkOptions(new.target.name || "An agent", config, options, open);
    checkAgentName(config.name);
    const owner = `Agent ${config.name}`;
    this.config = config;
    this.name = config.name;
    this.description = config.description ?? "";
    this.subAgents = [...(config.subAgents ?? [])];
    this.beforeAgentCallback = callbackList(
      owner,
      "beforeAgentCallback",
      config.beforeAgentCallback,
    );
    this.afterAgentCallback = callbackList(owner, "afterAgentCallback", config.afterAgentCallback);
    if (config.stateSchema) declaredKeys(config.stateSchema, owner);
    this.stateSchema = config.stateSchema;
    Object.defineProperty(this, BRAND, { value: true });
    this.#adopt();
  }

  /** The agent that has this one among its sub-agents. */
  get parentAgent(): BaseAgent | undefined {
    return this.#parentAgent;
  }

  /** The topmost agent of the tree, which may be this one. */
  get rootAgent(): BaseAgent {
    return this.#parentAgent?.rootAgent ?? this;
  }

  /** This agent or one below it, depth first. */
  findAgent(name: string): BaseAgent | undefined {
    return this.name === name ? this : this.findSubAgent(name);
  }

  /** An agent below this one, depth first. */
  findSubAgent(name: string): BaseAgent | undefined {
    for (const agent of this.subAgents) {
      const found = agent.findAgent(name);
      if (found) return found;
    }
    return undefined;
  }

  /** A copy without a parent, its sub-agents copied too; `overrides` replace options. */
  clone(overrides: Partial<TConfig> = {}): this {
    const Agent = this.constructor as new (config: TConfig) => this;
    const subAgents = overrides.subAgents ?? this.subAgents.map((agent) => agent.clone());
    return new Agent({ ...this.config, ...overrides, subAgents });
  }

  /**
   * Runs the agent: its hooks, what `runAsyncImpl` yields, and, in an app that is resumable, an event that says that it has
   * ended. What the log has of the run already is not done again. Composed agents call it on their sub-agents.
   */
  async *runAsync(parentContext: InvocationContext): AsyncGenerator<Event, void, undefined> {
    const context = parentContext.forRunOf(this);
    try {
      yield* this.#runOnce(context);
    } catch (error) {
      await this.#failed(error, context);
      throw error;
    }
    if (context.isResumable)
      parentContext.ranTo(
        this,
        agentRun(context.runStart).nextIndex ?? context.session.events.length,
      );
  }

  async *#runOnce(context: InvocationContext): AsyncGenerator<Event, void, undefined> {
    const { isResumable } = context;
    const stored = isResumable ? agentRun(context.runStart) : undefined;
    let answered = stored !== undefined && wasAnswered(stored);
    if (stored === undefined || stored.events.length === 0) {
      const before = await this.#callback("beforeAgentCallback", context);
      if (before) yield before;
      answered = context.endInvocation;
    }
    if (stored?.endIndex === undefined) {
      if (!answered) yield* this.runAsyncImpl(context);
      if (context.abortSignal.aborted) return;
      if (isResumable) {
        if (isWaiting(context)) return;
        yield stateEvent(context, { endOfAgent: true });
      }
    } else if (isFollowed(context.runStart, stored.endIndex)) return;
    if (answered || context.endInvocation) return;
    const after = await this.#callback("afterAgentCallback", context);
    if (after) yield after;
  }

  /**
   * What the agent does, to be implemented: yields its events. It goes on when an event was stored and taken, and is
   * left at its next event when `context.abortSignal` fires. What it throws fails the run.
   */
  protected abstract runAsyncImpl(
    context: InvocationContext,
  ): AsyncGenerator<Event, void, undefined>;

  /** An event when a hook answered (before: the agent ends) or wrote something. */
  async #callback(
    hook: "beforeAgentCallback" | "afterAgentCallback",
    context: InvocationContext,
  ): Promise<Event | undefined> {
    const plugins = context.pluginManager;
    if (this[hook].length === 0 && !plugins.has(hook)) return undefined;
    const callbackContext = new Context({ invocationContext: context });
    const content: Content | undefined =
      (await plugins.first(hook, { agent: this, callbackContext })) ??
      (await firstAnswer(this[hook], callbackContext, hook));
    const event = eventOfContext(callbackContext, content);
    if (event && content && hook === "beforeAgentCallback") {
      context.endInvocation = true;
      event.nodeInfo = beforeAgentNode(this.name);
    }
    if (event && hook === "afterAgentCallback") event.nodeInfo = afterAgentNode(this.name);
    return event;
  }

  async #failed(error: unknown, context: InvocationContext): Promise<void> {
    if (error instanceof Stopped || context.abortSignal.aborted) return;
    const { invocation } = context;
    if (!invocation.failures.has(error))
      invocation.failures.set(error, { author: this.name, branch: context.branch });
    if (context.pluginManager.has("onAgentErrorCallback"))
      await context.pluginManager.notify("onAgentErrorCallback", {
        agent: this,
        callbackContext: new Context({ invocationContext: context }),
        error: error instanceof Error ? error : new Error(String(error)),
      });
  }

  #adopt(): void {
    const names = new Set<string>();
    for (const agent of this.subAgents) {
      if (!isBaseAgent(agent))
        throw new AdkError(
          "INVALID_ARGUMENT",
          `Agent ${this.name}: \`subAgents\` must be agents, got ${describe(agent)}.`,
        );
      if (names.has(agent.name))
        throw new AdkError(
          "INVALID_ARGUMENT",
          `Agent ${this.name} has two sub-agents named ${agent.name}. Names must be unique: rename one.`,
        );
      names.add(agent.name);
      if (agent.parentAgent)
        throw new AdkError(
          "INVALID_ARGUMENT",
          `Agent ${agent.name} is a sub-agent of ${agent.parentAgent.name} already. Use \`agent.clone()\` to have it twice.`,
        );
    }
    for (const agent of this.subAgents) agent.#parentAgent = this;
  }
}

/** Whether something in the agent's run waits for an answer from outside. */
function isWaiting(context: InvocationContext): boolean {
  const { invocation, runFrom } = context;
  return openRequests(spanOf(context, runFrom), invocation.clock.now()).size > 0;
}

/** @throws AdkError `INVALID_ARGUMENT` */
function checkAgentName(name: unknown): void {
  if (typeof name !== "string" || !/^[\p{L}_][\p{L}\p{N}_]{0,127}$/u.test(name))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `An agent's \`name\` must be 1–128 letters, digits and "_", not starting with a digit, got ${describe(name)}.`,
    );
  if (name === "user")
    throw new AdkError(
      "INVALID_ARGUMENT",
      'An agent cannot be named "user": that is the author of the user\'s messages. Choose another name.',
    );
}
