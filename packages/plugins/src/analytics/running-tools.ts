import type { BaseTool, InvocationContext, ToolContext } from "@adk/core";

/** Calls that have started and neither returned nor failed: when the run ends, they wait for an answer from outside. */
export class RunningTools {
  /** By the invocation's object, then by the call's context. */
  readonly #byRun: WeakMap<object, Map<ToolContext, BaseTool>> = new WeakMap();

  add(tool: BaseTool, toolContext: ToolContext): void {
    const { invocation } = toolContext.invocationContext;
    const running = this.#byRun.get(invocation) ?? new Map<ToolContext, BaseTool>();
    this.#byRun.set(invocation, running);
    running.set(toolContext, tool);
  }

  delete(toolContext: ToolContext): void {
    this.#byRun.get(toolContext.invocationContext.invocation)?.delete(toolContext);
  }

  /** Those of a run, which are forgotten here. */
  take({ invocation }: InvocationContext): { tool: BaseTool; toolContext: ToolContext }[] {
    const running = [...(this.#byRun.get(invocation) ?? [])];
    this.#byRun.delete(invocation);
    return running.map(([toolContext, tool]) => ({ tool, toolContext }));
  }
}
