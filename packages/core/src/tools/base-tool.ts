import type { FunctionDeclaration } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { AdkError } from "../errors.ts";
import { FRAMEWORK_CALLS } from "../events/framework-calls.ts";
import { appendTools } from "../models/append-to-request.ts";
import type { LlmRequest } from "../models/llm-request.ts";

const BRAND: unique symbol = Symbol.for("google.adk.baseTool") as never;

/** Whether `value` is a tool, of this or of another copy of the package. */
export function isBaseTool(value: unknown): value is BaseTool {
  return typeof value === "object" && value !== null && BRAND in value;
}

/**
 * What happens to a call that may have been made before, because the process ended before its outcome was stored:
 * `run` makes it again, `fail` tells the model that the outcome is unknown, `ask` asks a person first.
 */
export type OnRepeat = "run" | "fail" | "ask";

const ON_REPEAT: readonly unknown[] = ["run", "fail", "ask"] satisfies OnRepeat[];

/** What every tool has. */
export interface BaseToolParams {
  /** What the model calls it by: letters, digits, `_`, `-`, `.`, `:`, at most 128 characters. */
  name: string;
  /** What it does and when to call it: the model chooses by it. */
  description: string;
  /** The result comes later, as an answer to the call. @defaultValue false */
  isLongRunning?: boolean | undefined;
  /** A call that takes longer is cancelled, and the model reads that it timed out. @defaultValue no limit */
  timeoutMs?: number | undefined;
  /** What happens to a call that may have been made before, when a run is resumed. @defaultValue "run" */
  onRepeat?: OnRepeat | undefined;
}

/** One call of a tool. */
export interface RunAsyncToolRequest {
  /** As the model sent them, a copy of the tool's own. */
  args: Record<string, unknown>;
  toolContext: Context;
}

/** The request that a tool may shape, and the context it is made in. */
export interface ToolProcessLlmRequest {
  toolContext: Context;
  llmRequest: LlmRequest;
}

/** Something a model can call. Extend it, or wrap a function with `FunctionTool`. */
export abstract class BaseTool {
  readonly name: string;
  readonly description: string;
  readonly isLongRunning: boolean;
  readonly timeoutMs: number | undefined;
  readonly onRepeat: OnRepeat;

  constructor(params: BaseToolParams) {
    const {
      name,
      description,
      isLongRunning = false,
      timeoutMs,
      onRepeat = "run",
    } = params ?? ({} as Partial<BaseToolParams>);
    if (typeof name !== "string" || !/^[\w.:-]{1,128}$/.test(name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `A tool needs a name of 1–128 letters, digits, "_", "-", "." or ":", got ${JSON.stringify(name)}. Give it one with \`name\`.`,
      );
    if (FRAMEWORK_CALLS.has(name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `A tool cannot be called ${name}: the framework makes calls of that name itself. Choose another \`name\`.`,
      );
    if (typeof description !== "string")
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Tool ${name} needs a \`description\` (a text): the model chooses tools by it.`,
      );
    if (typeof isLongRunning !== "boolean")
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Tool ${name}: \`isLongRunning\` must be true or false, got a ${typeof isLongRunning}.`,
      );
    if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Tool ${name}: \`timeoutMs\` must be a positive number of milliseconds, got ${String(timeoutMs)}.`,
      );
    if (!ON_REPEAT.includes(onRepeat))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Tool ${name}: \`onRepeat\` must be "run", "fail" or "ask".`,
      );
    this.name = name;
    this.description = description;
    this.isLongRunning = isLongRunning;
    this.timeoutMs = timeoutMs;
    this.onRepeat = onRepeat;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** What the model is told about the tool; without one it only shapes requests. */
  _getDeclaration(): FunctionDeclaration | undefined {
    return undefined;
  }

  /**
   * Does the work. What it returns becomes the function response (`{ result: … }` around anything but an object); what it
   * throws is told to the model, except an `AdkError` `TOOL_FAILED`, which ends the run.
   */
  abstract runAsync(request: RunAsyncToolRequest): Promise<unknown>;

  /** Whether a person must approve this call first. The engine does not ask; a tool that wants it calls `requestConfirmation`, as `FunctionTool` does. */
  async checkRequireConfirmation(
    _args: Record<string, unknown>,
    _toolContext?: Context,
  ): Promise<boolean> {
    return false;
  }

  /** Called for every request of an agent that has this tool; adds the declaration. */
  async processLlmRequest({ llmRequest }: ToolProcessLlmRequest): Promise<void> {
    appendTools(llmRequest, [this]);
  }
}
