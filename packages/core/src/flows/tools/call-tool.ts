import type { LlmAgent } from "../../agents/llm-agent.ts";
import type { FunctionCall } from "../../content/content.ts";
import { Context } from "../../context/context.ts";
import type { InvocationContext } from "../../context/invocation-context.ts";
import type { Invocation } from "../../context/invocation.ts";
import { AdkError, type AdkErrorCode } from "../../errors.ts";
import { cloneJson, getOwn } from "../../internal/json.ts";
import { followingController, Stopped, throwIfStopped } from "../../internal/stopped.ts";
import { WAITING } from "../../internal/waiting.ts";
import type { CallState } from "../../log/call-states.ts";
import type { BaseTool } from "../../tools/base-tool.ts";
import { firstAnswer } from "../../plugins/first-answer.ts";
import { isThrownOnPurpose } from "../../plugins/plugin-failed.ts";
import { attemptsThroughPlugins } from "./attempts-through-plugins.ts";
import { ToolAttempt } from "./tool-attempt.ts";
import { UnknownTool } from "./unknown-tool.ts";

/** What came of one call. */
export type CallOutcome =
  | { readonly kind: "response"; readonly response: Record<string, unknown> }
  /** A call without a result yet: of a long-running tool, or (nested) of an agent tool whose own run waits. */
  | { readonly kind: "waiting"; readonly isNested: boolean }
  /** Cut off: no response. */
  | { readonly kind: "stopped" }
  /** Ends the run. */
  | { readonly kind: "failed"; readonly error: unknown };

/** Errors that no model is told: they end the run. */
const FATAL: ReadonlySet<AdkErrorCode> = new Set<AdkErrorCode>([
  "TOOL_FAILED",
  "PLUGIN_FAILED",
  "BUDGET_EXCEEDED",
  "LLM_CALLS_LIMIT_EXCEEDED",
  "INVOCATION_ABORTED",
]);

/** An error of a callback or a plugin: it passes, where an error of the tool is told to the model. */
class HookError extends Error {
  constructor(cause: unknown) {
    super("A hook failed.", { cause });
  }
}

/** One call of a tool, with the hooks around it. Never rejects. */
export class ToolCall {
  /** What its tool and its hooks write through. */
  readonly context: Context;
  readonly #agent: LlmAgent;
  readonly #call: FunctionCall;
  readonly #tool: BaseTool;
  readonly #known: readonly string[] | undefined;
  readonly #args: Record<string, unknown>;
  readonly #repetition: CallState["repetition"];
  /** Whether its arguments are not what the log says, and this run does not have them. */
  readonly #isLost: boolean;
  /** Whether it may have been made since it was released: by a run that was interrupted. */
  readonly #mayBeMade: boolean;
  readonly #signal: AbortSignal;
  readonly #unlink: () => void;
  readonly #controller: AbortController;
  /** The only attempt, where no plugin stands around the call. */
  #attempt: ToolAttempt | undefined;

  constructor(
    invocationContext: InvocationContext,
    state: CallState,
    toolsDict: Readonly<Record<string, BaseTool>>,
    signal: AbortSignal,
  ) {
    this.#agent = invocationContext.agent as LlmAgent;
    const { call } = state;
    this.#call = call;
    const name = call.name ?? "";
    const tool = getOwn(toolsDict, name);
    this.#tool = tool ?? new UnknownTool(name);
    this.#known = tool ? undefined : Object.keys(toolsDict);
    const { callArguments } = invocationContext.invocation;
    const isRedacted = state.event.redactedCalls?.includes(call.id ?? "") ?? false;
    const real = isRedacted ? callArguments.get(call.id ?? "") : call.args;
    this.#isLost = isRedacted && real === undefined;
    this.#args = cloneJson(real ?? call.args ?? {});
    const { controller, unlink } = followingController(signal);
    this.#controller = controller;
    this.#signal = controller.signal;
    this.#unlink = unlink;
    this.#repetition = state.repetition;
    this.#mayBeMade = mayBeMade(invocationContext.invocation, state);
    this.context = new Context({
      invocationContext,
      functionCallId: call.id,
      toolConfirmation: state.confirmation,
      attempt: attemptOf(invocationContext.invocation, state),
      abortSignal: controller.signal,
    });
  }

  async run(): Promise<CallOutcome> {
    try {
      return await this.#answer();
    } catch (error) {
      if (error instanceof Stopped || (this.#signal.aborted && !this.#attempt?.timedOut)) {
        await this.#tellCancelled();
        return { kind: "stopped" };
      }
      return { kind: "failed", error: error instanceof HookError ? error.cause : error };
    } finally {
      this.#unlink();
    }
  }

  async #answer(): Promise<CallOutcome> {
    throwIfStopped(this.#signal); // a call before it has ended the run
    const repeated = this.#onRepeat();
    if (repeated) return { kind: "response", response: repeated };
    let result: unknown = await this.#before();
    if (result === undefined) {
      if (this.#known) return await this.#unknown(this.#known);
      throwIfStopped(this.#signal);
      try {
        result = await this.#execute();
      } catch (error) {
        if (error instanceof Stopped || this.#isFatal(error)) throw error;
        result = (await this.#onError(error)) ?? { error: messageOf(error) };
      }
      if (result === WAITING) return { kind: "waiting", isNested: true };
    }
    const replacement = await this.#after(result);
    if (replacement) return { kind: "response", response: replacement };
    if (this.#tool.isLongRunning && (result === undefined || result === null))
      return { kind: "waiting", isNested: false };
    return { kind: "response", response: asResponse(result) };
  }

  /** What the model reads instead of a call that is not made from the log: it cannot be, or its tool says so. */
  #onRepeat(): Record<string, unknown> | undefined {
    const { name, onRepeat } = this.#tool;
    if (this.#isLost)
      return {
        error: `The arguments of this call of ${name} were redacted in the log, so it cannot be made from there; its outcome is unknown.`,
      };
    if (this.#repetition?.isAllowed === false)
      return { error: `The call of ${name} was interrupted; a person has refused to repeat it.` };
    // A call that was not approved is not made, however often the tool is told so.
    const isRefused = this.context.toolConfirmation?.confirmed === false;
    if (!this.#mayBeMade || isRefused || onRepeat === "run") return undefined;
    if (onRepeat === "fail")
      return {
        error: `The call of ${name} was interrupted and is not repeated; its outcome is unknown.`,
      };
    this.context.requestConfirmation({
      hint: `The call of ${name} was interrupted and may have been made already. Shall it be made again?`,
    });
    const { actions } = this.context;
    const request = getOwn(actions.requestedToolConfirmations, this.#call.id ?? "");
    if (request) request.attempt = this.context.attempt;
    actions.skipSummarization = true;
    return { error: "This tool call was interrupted. A person was asked whether to repeat it." };
  }

  async #execute(): Promise<unknown> {
    const { pluginManager } = this.context.invocationContext;
    const chain = pluginManager.around(
      "aroundToolCall",
      (error) => error instanceof Stopped || this.#isFatal(error),
    );
    if (chain) return await attemptsThroughPlugins(chain, this.#pluginParams(), this.#signal);
    this.#attempt = new ToolAttempt(this.#tool, this.#args, this.context, this.#controller);
    return await this.#attempt.run();
  }

  async #before(): Promise<Record<string, unknown> | undefined> {
    const { pluginManager } = this.context.invocationContext;
    const { beforeToolCallbacks } = this.#agent;
    return await this.#hook(
      async () =>
        (pluginManager.has("beforeToolCallback")
          ? await pluginManager.first("beforeToolCallback", this.#pluginParams())
          : undefined) ??
        (beforeToolCallbacks.length > 0
          ? await firstAnswer(beforeToolCallbacks, this.#callbackParams())
          : undefined),
    );
  }

  /** @param result as it was given: the hooks see what the tool returned, and not yet what the model will read. */
  async #after(result: unknown): Promise<Record<string, unknown> | undefined> {
    const { pluginManager } = this.context.invocationContext;
    const { afterToolCallbacks } = this.#agent;
    return await this.#hook(
      async () =>
        (pluginManager.has("afterToolCallback")
          ? await pluginManager.first("afterToolCallback", { ...this.#pluginParams(), result })
          : undefined) ??
        (afterToolCallbacks.length > 0
          ? await firstAnswer(afterToolCallbacks, { ...this.#callbackParams(), response: result })
          : undefined),
    );
  }

  async #onError(thrown: unknown): Promise<Record<string, unknown> | undefined> {
    const error = asError(thrown);
    const { pluginManager } = this.context.invocationContext;
    return await this.#hook(
      async () =>
        (await pluginManager.first("onToolErrorCallback", { ...this.#pluginParams(), error })) ??
        (await firstAnswer(this.#agent.onToolErrorCallbacks, { ...this.#callbackParams(), error })),
    );
  }

  async #unknown(known: readonly string[]): Promise<CallOutcome> {
    const error = new AdkError(
      "INVALID_ARGUMENT",
      `There is no tool ${this.#tool.name}. The tools are: ${known.join(", ") || "none"}. Call one of these.`,
    );
    const response = (await this.#onError(error)) ?? { error: error.message };
    return { kind: "response", response };
  }

  /** Everybody is told that the call was cut off; nobody can change it. */
  async #tellCancelled(): Promise<void> {
    const { pluginManager, invocation } = this.context.invocationContext;
    const error = new AdkError("ABORTED", `The call of tool ${this.#tool.name} was cancelled.`);
    await pluginManager.notify("onToolErrorCallback", { ...this.#pluginParams(), error });
    for (const callback of this.#agent.onToolErrorCallbacks)
      try {
        await callback({ ...this.#callbackParams(), error });
      } catch (failure) {
        invocation.logger.error(`onToolErrorCallback of agent ${this.#agent.name} failed.`, {
          error: failure,
        });
      }
  }

  async #hook<T>(hook: () => Promise<T>): Promise<T> {
    try {
      return await hook();
    } catch (error) {
      throw new HookError(error);
    }
  }

  #isFatal(error: unknown): boolean {
    if (error instanceof HookError) return true;
    if (typeof error !== "object" || error === null) return false;
    if (this.context.invocationContext.invocation.fatalErrors.has(error)) return true;
    if (!AdkError.isInstance(error)) return false;
    return FATAL.has(error.code) || isThrownOnPurpose(error);
  }

  #pluginParams(): { tool: BaseTool; toolArgs: Record<string, unknown>; toolContext: Context } {
    return { tool: this.#tool, toolArgs: this.#args, toolContext: this.context };
  }

  #callbackParams(): { tool: BaseTool; args: Record<string, unknown>; context: Context } {
    return { tool: this.#tool, args: this.#args, context: this.context };
  }
}

/** Whether it was released before this run: nobody but this run can have made a call that was released under its lease. */
function mayBeMade({ openedAt }: Invocation, { releasedBy }: CallState): boolean {
  return releasedBy.sequence !== undefined && releasedBy.sequence <= openedAt;
}

/**
 * 1 for a call that nobody can have made before; else at least 2, and at least as often as the invocation was taken up. What
 * a person has agreed to repeat is the attempt that the person was asked about.
 */
function attemptOf(invocation: Invocation, state: CallState): number {
  const released = state.repetition?.attempt ?? 1;
  return mayBeMade(invocation, state) ? Math.max(released + 1, invocation.lease.attempt) : released;
}

/** A function response is an object; anything else is put into one. */
function asResponse(result: unknown): Record<string, unknown> {
  if (typeof result === "object" && result !== null && !Array.isArray(result))
    return result as Record<string, unknown>;
  return { result: result ?? null };
}

function messageOf(error: unknown): string {
  return asError(error).message || asError(error).name;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
