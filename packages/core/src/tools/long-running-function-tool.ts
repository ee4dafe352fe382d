import type { FunctionDeclaration } from "../content/content.ts";
import { AdkError } from "../errors.ts";
import type { PendingCall } from "../events/event.ts";
import type { BaseTool } from "./base-tool.ts";
import { FunctionTool, type ToolOptions } from "./function-tool.ts";
import { type AnySchema, type ReadSchema, readSchema } from "./schema/read-schema.ts";
import type { ToolInputParameters } from "./schema/tool-parameters.ts";

const NOTE = "The result comes later. While a call is pending, do not make it again.";

/** Options of a function whose result comes later. */
export interface LongRunningToolOptions<
  TParameters extends ToolInputParameters = undefined,
> extends ToolOptions<TParameters> {
  /**
   * What the answer to a waiting call must look like. Its JSON Schema is stored with the call, and `Runner.answer` checks by it.
   *
   * @defaultValue anything
   */
  responseSchema?: AnySchema | undefined;
  /**
   * How long a call may wait for its answer, in milliseconds from when the model made it. Then `Runner.answer` takes none any
   * more, and the model reads at the next run that nobody answered.
   *
   * @defaultValue no limit
   */
  expiresInMs?: number | undefined;
}

/**
 * A function that only starts something: the result comes later, as an answer to the call. What it returns now (a ticket,
 * or nothing) is told to the model in the meantime.
 */
export class LongRunningFunctionTool<
  TParameters extends ToolInputParameters = undefined,
> extends FunctionTool<TParameters> {
  readonly responseSchema: ReadSchema | undefined;
  readonly expiresInMs: number | undefined;

  constructor(options: LongRunningToolOptions<TParameters>) {
    const { responseSchema, expiresInMs, ...rest } = options ?? {};
    super({ ...rest, isLongRunning: true });
    if (rest.isLongRunning === false)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Tool ${this.name}: \`isLongRunning\` is always true here. Use FunctionTool for a tool that answers at once.`,
      );
    if (expiresInMs !== undefined && !(Number.isFinite(expiresInMs) && expiresInMs > 0))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Tool ${this.name}: \`expiresInMs\` must be a positive number of milliseconds, got ${String(expiresInMs)}.`,
      );
    this.responseSchema =
      responseSchema === undefined
        ? undefined
        : readSchema(responseSchema, `Tool ${this.name}: \`responseSchema\``);
    this.expiresInMs = expiresInMs;
  }

  override _getDeclaration(): FunctionDeclaration {
    const declaration = super._getDeclaration();
    declaration.description = this.description === "" ? NOTE : `${this.description}\n\n${NOTE}`;
    return declaration;
  }
}

/** Until when, and for what, a call that is made now waits; `undefined` when the tool says nothing about either. */
export function waitOf(tool: BaseTool, now: number): PendingCall | undefined {
  // By its members: a renamed tool, or one of another copy of the package, counts too.
  const { expiresInMs, responseSchema } = tool as BaseTool &
    Partial<Pick<LongRunningFunctionTool, "expiresInMs" | "responseSchema">>;
  if (expiresInMs === undefined && responseSchema === undefined) return undefined;
  return {
    ...(expiresInMs === undefined ? {} : { expiresAt: Math.ceil(now + expiresInMs) }),
    ...(responseSchema === undefined ? {} : { responseSchema: responseSchema.jsonSchema }),
  };
}
