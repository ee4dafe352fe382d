import type { Context } from "../context/context.ts";
import type { ReadonlyContext } from "../context/readonly-context.ts";
import { AdkError } from "../errors.ts";
import type { LlmRequest } from "../models/llm-request.ts";
import type { BaseTool } from "./base-tool.ts";
import { renameTool } from "./renamed-tool.ts";

const BRAND: unique symbol = Symbol.for("google.adk.baseToolset") as never;

/** Whether `value` is a toolset, of this or of another copy of the package. */
export function isBaseToolset(value: unknown): value is BaseToolset {
  return typeof value === "object" && value !== null && BRAND in value;
}

/** Whether an agent sees a tool, in this context. */
export type ToolPredicate = (tool: BaseTool, readonlyContext: ReadonlyContext) => boolean;

/** The tools of one agent in one invocation; the engine asks for them before every request. */
type Cache = WeakMap<object, WeakMap<object, Promise<BaseTool[]>>>;

/** Tools that belong together and may depend on the context. Extend it and implement `getTools` and `close`. */
export abstract class BaseToolset {
  readonly toolFilter: ToolPredicate | readonly string[];
  readonly prefix: string | undefined;
  readonly #cache: Cache = new WeakMap();
  readonly #renamed: WeakMap<BaseTool, BaseTool> = new WeakMap();

  /**
   * @param toolFilter names of the tools that agents see, before the prefix, or a predicate; empty: all of them.
   * @param prefix put before each tool's name, with a `_` between.
   */
  constructor(toolFilter: ToolPredicate | readonly string[] = [], prefix?: string) {
    if (
      typeof toolFilter !== "function" &&
      !(Array.isArray(toolFilter) && toolFilter.every((name) => typeof name === "string"))
    )
      throw new AdkError(
        "INVALID_ARGUMENT",
        "A toolset's `toolFilter` must be a list of tool names or a function (tool, context) => boolean.",
      );
    if (prefix !== undefined && (typeof prefix !== "string" || !/^[\w.:-]*$/.test(prefix)))
      throw new AdkError(
        "INVALID_ARGUMENT",
        'A toolset\'s `prefix` must be text of letters, digits, "_", "-", "." or ":".',
      );
    this.toolFilter = toolFilter;
    this.prefix = prefix;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The tools that an agent may get; without a context, all of them. Asked once for each agent in an invocation. */
  abstract getTools(context?: ReadonlyContext): Promise<BaseTool[]>;

  /** Releases what the toolset holds: connections, processes, files. Called when the runner is closed; harmless twice. */
  abstract close(): Promise<void>;

  /** Called before its tools shape a request. */
  async processLlmRequest(_toolContext: Context, _llmRequest: LlmRequest): Promise<void> {}

  /** The tools of `getTools` that the filter selects, under their prefixed names. Calls go to the original tool. */
  async getToolsWithPrefix(context?: ReadonlyContext): Promise<BaseTool[]> {
    const tools = await this.#getTools(context);
    const selected = tools.filter((tool) => this.#passes(tool, context));
    return this.prefix ? selected.map((tool) => this.#rename(tool)) : selected;
  }

  protected isToolSelected(tool: BaseTool, context: ReadonlyContext): boolean {
    return this.#passes(tool, context);
  }

  #passes(tool: BaseTool, context: ReadonlyContext | undefined): boolean {
    if (typeof this.toolFilter === "function")
      return context === undefined || this.toolFilter(tool, context);
    return this.toolFilter.length === 0 || this.toolFilter.includes(tool.name);
  }

  #getTools(context: ReadonlyContext | undefined): Promise<BaseTool[]> {
    if (context === undefined) return this.getTools();
    const { invocation, agent } = context.invocationContext;
    const cached = this.#cache.get(invocation)?.get(agent);
    if (cached !== undefined) return cached;
    let ofInvocation = this.#cache.get(invocation);
    if (ofInvocation === undefined) {
      ofInvocation = new WeakMap();
      this.#cache.set(invocation, ofInvocation);
    }
    const tools = this.getTools(context);
    ofInvocation.set(agent, tools);
    tools.catch(() => ofInvocation.delete(agent));
    return tools;
  }

  #rename(tool: BaseTool): BaseTool {
    let renamed = this.#renamed.get(tool);
    if (renamed === undefined) {
      renamed = renameTool(tool, `${this.prefix}_${tool.name}`);
      this.#renamed.set(tool, renamed);
    }
    return renamed;
  }
}
