import { BasePlugin, type BaseTool, type Context } from "@adk/core";
import type { ToolNotice } from "./view.ts";

interface ToolParams {
  readonly tool: BaseTool;
  readonly toolArgs: Record<string, unknown>;
  readonly toolContext: Context;
}

/** Tells about every tool call of every agent when it begins and when it ends, each by itself, with its duration. */
export class ToolWatch extends BasePlugin {
  readonly #tell: (notice: ToolNotice) => void;
  readonly #now: () => number;
  readonly #startedAt = new Map<string, number>();

  constructor(tell: (notice: ToolNotice) => void, now: () => number = () => performance.now()) {
    super("tool_watch");
    this.#tell = tell;
    this.#now = now;
  }

  override async beforeToolCallback({ tool, toolArgs, toolContext }: ToolParams) {
    this.#startedAt.set(toolContext.functionCallId ?? "", this.#now());
    this.#tell({ name: tool.name, args: toolArgs });
    return undefined;
  }

  override async afterToolCallback(params: ToolParams & { result: unknown }) {
    // A tool that returns nothing has ended all the same.
    this.#end(params, params.result ?? null);
    return undefined;
  }

  /** After a failure that the model is told, `afterToolCallback` follows; after a call that was stopped, nothing does. */
  override async onToolErrorCallback(params: ToolParams & { error: Error }) {
    if (params.toolContext.abortSignal.aborted) this.#end(params, undefined);
    return undefined;
  }

  #end({ tool, toolArgs, toolContext }: ToolParams, response: unknown) {
    const callId = toolContext.functionCallId ?? "";
    const startedAt = this.#startedAt.get(callId);
    if (!this.#startedAt.delete(callId) || startedAt === undefined) return;
    this.#tell({
      name: tool.name,
      args: toolArgs,
      ended: { ms: this.#now() - startedAt, response },
    });
  }
}
