import type { BaseAgent } from "../agents/base-agent.ts";
import type { Content } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import type { InvocationContext } from "../context/invocation-context.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, integer, type OptionCheck } from "../internal/check-options.ts";
import type { Event } from "../events/event.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { LlmResponse } from "../models/llm-response.ts";
import type { BaseTool } from "../tools/base-tool.ts";
import type { NextModelCall, NextToolCall, WrappedModelCall, WrappedToolCall } from "./around.ts";

/** What a hook may return: nothing lets the next plugin, and then the agent's own callback, have its say. */
type Answer<T> = Promise<T | undefined>;

/** What an app may decide of a plugin, where the plugin lets it. */
export interface PluginOptions {
  /** How long one call of a hook may take by itself, in milliseconds. @defaultValue no limit */
  hookTimeoutMs?: number | undefined;
  /**
   * What becomes of a run when a hook fails, or takes longer than `hookTimeoutMs`: it fails too, or it goes on as if the plugin
   * were not there. An isolated plugin only observes: its hooks get frozen copies and contexts that only read, what they
   * answer, throw or do too late is dropped and logged, and it does not stand around calls. A run waits for its hooks, and no
   * longer than `hookTimeoutMs` (1,000 by default); for none while one of them has not come back.
   *
   * @defaultValue "fail"
   */
  onFailure?: "fail" | "isolate" | undefined;
}

const OPTIONS: Readonly<Record<keyof PluginOptions, OptionCheck>> = {
  hookTimeoutMs: integer(1),
  onFailure: (value) =>
    value === "fail" || value === "isolate" ? undefined : '"fail" or "isolate"',
};

/**
 * Sees and shapes every run of an app: register it on `App.plugins`. Override what you need.
 *
 * Plugins are asked in the order of their registration, before the agent's own callbacks. The first answer (anything but
 * `undefined`) wins and stops the rest. A hook that throws fails the run with `PLUGIN_FAILED`, which names plugin and hook
 * and keeps the error as `cause`; an `AdkError` whose `details.plugin` is the plugin's name, `BUDGET_EXCEEDED` and
 * `TOOL_FAILED` pass as they are. The two notifications, `onAgentErrorCallback` and `onRunErrorCallback`, reach every plugin; what they throw is logged.
 */
export abstract class BasePlugin {
  /** Unique within an app. */
  readonly name: string;
  /**
   * Where it stands around calls: the higher, the further out; those of one rank in the order of their registration. A cache
   * has 30, a retry 20, a budget 10. @defaultValue 0
   */
  readonly aroundRank: number = 0;
  /**
   * How long one call of a hook, or of what stands around a call, may take by itself (without the time inside `next`), in
   * milliseconds. Longer fails the run with `PLUGIN_FAILED`, its cause a `TIMEOUT`, and the hook's context refuses writes.
   *
   * @defaultValue no limit
   */
  readonly hookTimeoutMs: number | undefined;
  /** See {@link PluginOptions.onFailure}. */
  readonly onFailure: "fail" | "isolate";

  /** @throws AdkError `INVALID_ARGUMENT` without a name, or for options that do not fit. */
  constructor(name: string, options: PluginOptions = {}) {
    if (typeof name !== "string" || name.trim() === "")
      throw new AdkError(
        "INVALID_ARGUMENT",
        "A plugin needs a name: super('my_plugin'). Errors and logs show it.",
      );
    this.name = name;
    checkOptions(`Plugin ${name}`, options, OPTIONS);
    this.hookTimeoutMs = options.hookTimeoutMs;
    this.onFailure = options.onFailure ?? "fail";
  }

  /** Before a message is stored. An answer takes its place. */
  async onUserMessageCallback(_params: {
    invocationContext: InvocationContext;
    userMessage: Content;
  }): Answer<Content> {
    return undefined;
  }

  /** After the message is stored. An answer ends the run: it is stored and yielded as an event of author `model`. */
  async beforeRunCallback(_params: { invocationContext: InvocationContext }): Answer<Content> {
    return undefined;
  }

  /** After a run that did not fail, also one that was left early or aborted. */
  async afterRunCallback(_params: { invocationContext: InvocationContext }): Promise<void> {}

  /** A run failed; the error goes to the caller afterwards. */
  async onRunErrorCallback(_params: {
    invocationContext: InvocationContext;
    error: Error;
  }): Promise<void> {}

  /**
   * Every event of an agent, partial ones too, before it is stored and yielded. What an answer names takes the place of the
   * event's own; `id`, `invocationId`, `timestamp`, `partial` and, when the answer has none, `author` stay.
   */
  async onEventCallback(_params: {
    invocationContext: InvocationContext;
    event: Event;
  }): Answer<Partial<Event>> {
    return undefined;
  }

  /**
   * Every event on its way to the caller, after it was stored: for what only the client may not see. What an answer names
   * takes the place of the event's own in what the caller gets; `null` keeps the event from the caller. The log is not
   * changed, and each plugin sees what the one before left.
   */
  async beforeYieldCallback(_params: {
    invocationContext: InvocationContext;
    event: Event;
  }): Promise<Partial<Event> | null | undefined> {
    return undefined;
  }

  /** Before an agent starts. An answer is the agent's event; the agent and its `afterAgentCallback` are skipped. */
  async beforeAgentCallback(_params: {
    agent: BaseAgent;
    callbackContext: Context;
  }): Answer<Content> {
    return undefined;
  }

  /** After an agent ended normally. An answer is one more event of it. */
  async afterAgentCallback(_params: {
    agent: BaseAgent;
    callbackContext: Context;
  }): Answer<Content> {
    return undefined;
  }

  /** An agent failed; innermost first. The error goes on. */
  async onAgentErrorCallback(_params: {
    agent: BaseAgent;
    callbackContext: Context;
    error: Error;
  }): Promise<void> {}

  /** Before a model is called; the request may be changed. An answer takes the place of the model's. */
  async beforeModelCallback(_params: {
    callbackContext: Context;
    llmRequest: LlmRequest;
  }): Answer<LlmResponse> {
    return undefined;
  }

  /** Every response of a model, partial ones too. An answer takes its place. */
  async afterModelCallback(_params: {
    callbackContext: Context;
    llmResponse: LlmResponse;
  }): Answer<LlmResponse> {
    return undefined;
  }

  /** A model call failed. An answer takes the place of the error, and passes `afterModelCallback`. */
  async onModelErrorCallback(_params: {
    callbackContext: Context;
    llmRequest: LlmRequest;
    error: Error;
  }): Answer<LlmResponse> {
    return undefined;
  }

  /** Before a tool is called; `toolArgs` may be changed. An answer takes the place of the tool's result. */
  async beforeToolCallback(_params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: Context;
  }): Answer<Record<string, unknown>> {
    return undefined;
  }

  /**
   * The result of a tool, of a hook in its place, or of an error. An answer takes its place.
   *
   * `result` is what the tool returned, as it is: where that is no object, the model reads it as `{ result: … }`, and the hook
   * gets the text, the number, the list or `undefined` itself. A long-running tool that returned nothing waits for its answer
   * from outside, unless a hook gives one.
   */
  async afterToolCallback(_params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: Context;
    // Plugins written for ADK declare an object here; `unknown` would refuse them.
    // oxlint-disable-next-line typescript/no-explicit-any
    result: any;
  }): Answer<Record<string, unknown>> {
    return undefined;
  }

  /**
   * A tool failed, timed out, is unknown, or was cancelled (`error` is then an `AdkError` `ABORTED`, all plugins are told and
   * answers do not count). An answer is the result the model reads.
   */
  async onToolErrorCallback(_params: {
    tool: BaseTool;
    toolArgs: Record<string, unknown>;
    toolContext: Context;
    error: Error;
  }): Answer<Record<string, unknown>> {
    return undefined;
  }

  /**
   * Stands around the real call of a model: entered when no hook before it has answered, left when the last response is out.
   * It passes on what `next()` gives (`yield* next()`), something else, or nothing; it may call `next` again as long as it has
   * passed nothing on. Each `next` counts as a model call (`RunConfig.maxLlmCalls`).
   *
   * Errors of `next` pass through unchanged. Any other error ends the run as that of a hook; so do, whatever is made of them, an
   * abort, the limit of calls and `BUDGET_EXCEEDED`. What it passes on goes to `afterModelCallback`.
   */
  aroundModelCall(_call: WrappedModelCall, next: NextModelCall): AsyncIterable<LlmResponse> {
    return next();
  }

  /**
   * Stands around the real call of a tool: entered when no hook before it has answered. Its result, `next`'s or another, goes
   * to `afterToolCallback`. It may call `next` again, one after the other, until it has returned; each is an attempt of the
   * call (`toolContext.attempt` in the tool).
   *
   * Errors of `next` pass through unchanged and are told as the tool's. Any other error ends the run as that of a hook; so do,
   * whatever is made of them, an abort, `TOOL_FAILED`, `BUDGET_EXCEEDED` and errors of the store.
   */
  aroundToolCall(_call: WrappedToolCall, next: NextToolCall): Promise<unknown> {
    return next();
  }

  /**
   * What is stored and shown of an event: called, after all hooks of all plugins, with everything on its way into the log (the
   * user's message, events of agents, records of tools, summaries, errors) and to the caller. It must not change the event
   * itself, must be synchronous, and must give the same for the same event: a message that is sent again is compared with what
   * was stored. What it has redacted it may be given again.
   *
   * For a partial event it returns partial ones, none to hold it back. For any other it returns that event last, before it
   * what was held back of its pieces (they have its `id`) as one more partial event. Function calls and responses stay, but
   * for their arguments and results. A call whose arguments were altered is noted in `redactedCalls`: its tool gets the real
   * ones in this run, and it is never made from the log.
   *
   * What it throws fails the run as a hook does, and nothing of the event is stored.
   */
  redact(event: Event): readonly Event[] {
    return [event];
  }

  /** The runner closes. */
  async close(): Promise<void> {}
}

/** The names of the hooks. */
export type PluginHook = Extract<keyof BasePlugin, `${string}Callback`>;
