import { AdkError, BasePlugin, type BaseTool, checkOptions, type ToolContext } from "@adk/core";
import { FailureCounts } from "./failure-counts.ts";
import {
  REFLECT_AND_RETRY_OPTIONS,
  type ReflectAndRetryOptions,
} from "./reflect-and-retry-options.ts";
import {
  describeError,
  isReflection,
  REFLECT_AND_RETRY_RESPONSE_TYPE,
  type Reflection,
  TrackingScope,
} from "./reflection.ts";
import { storedToolFailures } from "./stored-failures.ts";
import { tooOften } from "./too-often.ts";

/** A call of a tool. */
export interface ToolCallParams {
  tool: BaseTool;
  toolArgs: Record<string, unknown>;
  toolContext: ToolContext;
}

/** How often a tool may fail in a row. */
export interface ReflectAndRetryToolPluginOptions extends ReflectAndRetryOptions {
  /**
   * Finds the failure in what a tool has returned: anything but `undefined` and `null` counts as one. @defaultValue a tool fails
   * by throwing only
   */
  extractErrorFromResult?: ((call: ToolCallParams & { result: unknown }) => unknown) | undefined;
}

/**
 * Tells the model about a tool that failed, so that it thinks about it and tries again, up to `maxRetries` times in a row for
 * each tool. A call that succeeds starts the count anew, as does another invocation (or none, with `TrackingScope.GLOBAL`).
 *
 * Within an invocation the count is what the log says, so it goes on after a crash. Calls of one answer count one after the
 * other, in the order in which they fail. A call that was cut off, or waits for a person, does not count.
 */
export class ReflectAndRetryToolPlugin extends BasePlugin {
  readonly maxRetries: number;
  readonly throwExceptionIfRetryExceeded: boolean;
  readonly trackingScope: TrackingScope;
  readonly #extract: ReflectAndRetryToolPluginOptions["extractErrorFromResult"];
  readonly #global: FailureCounts = new FailureCounts();
  /** By the invocation's object: gone with its run. */
  readonly #byRun: WeakMap<object, FailureCounts> = new WeakMap();

  /** @throws {@link AdkError} `INVALID_ARGUMENT` for an option that is unknown or ill-typed. */
  constructor(options: ReflectAndRetryToolPluginOptions = {}) {
    checkOptions("ReflectAndRetryToolPlugin", options, {
      ...REFLECT_AND_RETRY_OPTIONS,
      extractErrorFromResult: "function",
    });
    super(options.name ?? "reflect_retry_tool_plugin");
    this.maxRetries = options.maxRetries ?? 3;
    this.throwExceptionIfRetryExceeded = options.throwExceptionIfRetryExceeded ?? true;
    this.trackingScope = options.trackingScope ?? TrackingScope.INVOCATION;
    this.#extract = options.extractErrorFromResult;
  }

  /** Finds the failure in what a tool has returned; `undefined` when there is none. May be overridden. */
  async extractErrorFromResult(call: ToolCallParams & { result: unknown }): Promise<unknown> {
    return await this.#extract?.(call);
  }

  /** @throws {@link AdkError} `TOOL_FAILED`, the failure as its cause, for one failure too many. */
  override async afterToolCallback(
    params: ToolCallParams & { result: unknown },
  ): Promise<Record<string, unknown> | undefined> {
    const { tool, toolContext, result } = params;
    if (isReflection(result) || isAnsweredLater(params) || asksPerson(toolContext))
      return undefined;
    const error = await this.extractErrorFromResult(params);
    if (error !== undefined && error !== null) return this.#failed(params, error);
    this.#counts(toolContext).reset(tool.name);
    return undefined;
  }

  /** @throws {@link AdkError} `TOOL_FAILED`, the tool's error as its cause, for one failure too many. */
  override async onToolErrorCallback(
    params: ToolCallParams & { error: Error },
  ): Promise<Record<string, unknown> | undefined> {
    const { toolContext, error } = params;
    const isCutOff = toolContext.abortSignal.aborted && AdkError.isInstance(error, "ABORTED");
    return isCutOff ? undefined : this.#failed(params, error);
  }

  #failed({ tool, toolContext }: ToolCallParams, error: unknown): Record<string, unknown> {
    const { name } = tool;
    const stored = (): number =>
      this.trackingScope === TrackingScope.GLOBAL
        ? 0
        : storedToolFailures(toolContext.session.events, toolContext.invocationId, name);
    const count = this.#counts(toolContext).increment(name, stored);
    const isExceeded = count > this.maxRetries;
    if (isExceeded && this.throwExceptionIfRetryExceeded)
      throw new AdkError(
        "TOOL_FAILED",
        `Tool ${name} has failed ${tooOften(count, this.maxRetries)} (\`maxRetries\` of plugin ${this.name}). See to the tool, or let the model go on without it: \`throwExceptionIfRetryExceeded: false\`.`,
        { cause: error, details: { tool: name, failures: count, maxRetries: this.maxRetries } },
      );
    const { type, details } = describeError(error);
    const reflection: Reflection = {
      response_type: REFLECT_AND_RETRY_RESPONSE_TYPE,
      error_type: type,
      error_details: details,
      retry_count: count,
      reflection_guidance: isExceeded ? giveUp(name) : this.#guidance(name, count),
    };
    return { ...reflection };
  }

  #counts({ invocationContext: { invocation } }: ToolContext): FailureCounts {
    if (this.trackingScope === TrackingScope.GLOBAL) return this.#global;
    const counts = this.#byRun.get(invocation) ?? new FailureCounts();
    this.#byRun.set(invocation, counts);
    return counts;
  }

  #guidance(tool: string, count: number): string {
    return `The call of tool \`${tool}\` failed. This is failure ${count} in a row; ${this.maxRetries - count} more are accepted. Before you call it again: read the error, check the names, types and values of the arguments against the tool's declaration, and ask whether another tool or another way serves better. Do not repeat the same call with the same arguments unless the error says that it is temporary.`;
  }
}

function giveUp(tool: string): string {
  return `The tool \`${tool}\` has failed too often in a row. Do not use it again for this task. Find another way, or tell the user what could not be done and why.`;
}

/** Its answer comes from outside: it has neither failed nor succeeded yet. */
function isAnsweredLater({ tool, result }: ToolCallParams & { result: unknown }): boolean {
  return tool.isLongRunning && (result === undefined || result === null);
}

/** What the call returned speaks of its request to a person: it has neither failed nor succeeded yet. */
function asksPerson({ actions, functionCallId = "" }: ToolContext): boolean {
  return (
    Object.hasOwn(actions.requestedToolConfirmations, functionCallId) ||
    Object.hasOwn(actions.requestedAuthConfigs, functionCallId)
  );
}
