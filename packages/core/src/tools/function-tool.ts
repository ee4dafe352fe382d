import type { FunctionDeclaration } from "../content/content.ts";
import type { Context } from "../context/context.ts";
import { AdkError } from "../errors.ts";
import { checkOptions, type OptionCheck } from "../internal/check-options.ts";
import type { StandardSchemaV1 } from "../internal/standard-schema.ts";
import { BaseTool, type OnRepeat, type RunAsyncToolRequest } from "./base-tool.ts";
import { describeArgumentIssues } from "./schema/describe-argument-issues.ts";
import {
  readToolParameters,
  type ToolExecuteArgument,
  type ToolInputParameters,
  type ToolParameters,
} from "./schema/tool-parameters.ts";

const BRAND: unique symbol = Symbol.for("google.adk.functionTool") as never;

/** Whether `value` is a function tool, of this or of another copy of the package. */
export function isFunctionTool(value: unknown): value is FunctionTool {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** The function behind a tool. With a plain schema it may declare the type of its input itself. */
export type ToolExecuteFunction<TParameters extends ToolInputParameters> =
  TParameters extends StandardSchemaV1
    ? (input: ToolExecuteArgument<TParameters>, toolContext: Context) => unknown
    : {
        execute(input: ToolExecuteArgument<TParameters>, toolContext: Context): unknown;
      }["execute"];

/**
 * Whether a person must approve a call: always, or when a predicate over the validated arguments says so. With a plain schema
 * it may declare the type of its input itself.
 */
export type RequireConfirmation<TParameters extends ToolInputParameters> =
  | boolean
  | (TParameters extends StandardSchemaV1
      ? (
          input: ToolExecuteArgument<TParameters>,
          toolContext?: Context,
        ) => boolean | Promise<boolean>
      : {
          requireConfirmation(
            input: ToolExecuteArgument<TParameters>,
            toolContext?: Context,
          ): boolean | Promise<boolean>;
        }["requireConfirmation"]);

/** Options of a function as a tool. */
export interface ToolOptions<TParameters extends ToolInputParameters = undefined> {
  /** @defaultValue the name of the function */
  name?: string | undefined;
  /** The model chooses by it. */
  description: string;
  /** Standard Schema (zod, valibot, arktype …), JSON Schema or `Schema` of `@google/genai`, of an object. @defaultValue no arguments */
  parameters?: TParameters | undefined;
  /** What it returns, or resolves to, is told to the model; what it throws, too. */
  execute: ToolExecuteFunction<TParameters>;
  /** The result comes later, as an answer to the call. @defaultValue false */
  isLongRunning?: boolean | undefined;
  /** Such a call waits until a person has approved it; one that was rejected does not run. @defaultValue false */
  requireConfirmation?: RequireConfirmation<TParameters> | undefined;
  /** A call that takes longer is cancelled, and the model reads that it timed out. @defaultValue no limit */
  timeoutMs?: number | undefined;
  /** What happens to a call that may have been made before, when a run is resumed. @defaultValue "run" */
  onRepeat?: OnRepeat | undefined;
}

const OPTIONS: Readonly<Record<keyof ToolOptions, OptionCheck>> = {
  name: "string",
  description: "string",
  parameters: () => undefined,
  execute: "function",
  isLongRunning: "boolean",
  requireConfirmation: (value) =>
    typeof value === "boolean" || typeof value === "function"
      ? undefined
      : "true, false or a function that says so",
  timeoutMs: "number",
  onRepeat: "string",
};

/**
 * A function as a tool. Arguments are checked before it runs; what does not fit is told to the model, parameter by
 * parameter, and the function is not called.
 */
export class FunctionTool<TParameters extends ToolInputParameters = undefined> extends BaseTool {
  readonly #parameters: ToolParameters;
  readonly #execute: (input: never, toolContext: Context) => unknown;
  readonly #requireConfirmation:
    | boolean
    | ((input: never, toolContext?: Context) => boolean | Promise<boolean>);

  /** @throws AdkError `INVALID_ARGUMENT` for an option that is unknown or ill-typed, or a schema that is none. */
  constructor(options: ToolOptions<TParameters>) {
    const name = options?.name ?? nameOf(options?.execute);
    checkOptions(name ? `Tool ${name}` : "A tool", options, OPTIONS);
    if (!name)
      throw new AdkError(
        "INVALID_ARGUMENT",
        "A tool needs a name. Give it one with `name`, or give `execute` a function that has one.",
      );
    super({ ...options, name });
    const { parameters, execute, requireConfirmation = false } = options;
    if (typeof execute !== "function")
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Tool ${name} needs \`execute\`: the function that does the work.`,
      );
    this.#parameters = readToolParameters(parameters, `Tool ${name}: \`parameters\``);
    this.#execute = execute;
    this.#requireConfirmation = requireConfirmation;
    Object.defineProperty(this, BRAND, { value: true });
  }

  override _getDeclaration(): FunctionDeclaration {
    return { name: this.name, description: this.description, ...this.#parameters.declaration };
  }

  override async runAsync({ args, toolContext }: RunAsyncToolRequest): Promise<unknown> {
    const result = await this.#parameters.validate(args);
    if (result.issues) return { error: describeArgumentIssues(this.name, args, result.issues) };
    const input = result.value as never;
    if (await this.#needsConfirmation(input, toolContext)) {
      const refusal = askForConfirmation(this.name, toolContext);
      if (refusal !== undefined) return refusal;
    }
    return await this.#execute(input, toolContext);
  }

  /** Whether a person must approve this call; false for arguments that do not fit, for these never run. */
  override async checkRequireConfirmation(
    args: Record<string, unknown>,
    toolContext?: Context,
  ): Promise<boolean> {
    if (typeof this.#requireConfirmation === "boolean") return this.#requireConfirmation;
    const result = await this.#parameters.validate(args);
    if (result.issues) return false;
    return await this.#needsConfirmation(result.value as never, toolContext);
  }

  async #needsConfirmation(input: never, toolContext: Context | undefined): Promise<boolean> {
    const required = this.#requireConfirmation;
    return typeof required === "function" ? await required(input, toolContext) : required;
  }
}

function nameOf(execute: unknown): string | undefined {
  return typeof execute === "function" ? execute.name : undefined;
}

/** What the model reads instead of a result while nobody has approved the call; `undefined` once somebody has. */
function askForConfirmation(name: string, toolContext: Context): { error: string } | undefined {
  const confirmation = toolContext.toolConfirmation;
  if (confirmation === undefined) {
    toolContext.requestConfirmation({
      hint: `Please approve or reject the tool call ${name}() by responding with a FunctionResponse with an expected ToolConfirmation payload.`,
    });
    toolContext.actions.skipSummarization = true;
    return { error: "This tool call requires confirmation, please approve or reject." };
  }
  return confirmation.confirmed === true ? undefined : { error: "This tool call is rejected." };
}
