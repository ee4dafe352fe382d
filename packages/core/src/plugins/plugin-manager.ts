import type { Logger } from "../context/logger.ts";
import { consoleLogger } from "../context/logger.ts";
import { AdkError } from "../errors.ts";
import { describe } from "../internal/check-options.ts";
import type { Clock } from "../internal/clock.ts";
import { systemClock } from "../internal/clock.ts";
import type { Event } from "../events/event.ts";
import { replacedEvent } from "./replaced-event.ts";
import { BasePlugin, type PluginHook } from "./base-plugin.ts";
import { expectedAnswer } from "./check-answer.ts";

/** What a hook is called with, and what it answers. */
export type HookParams<H extends PluginHook> = Parameters<BasePlugin[H]>[0];
export type HookAnswer<H extends PluginHook> = Awaited<ReturnType<BasePlugin[H]>>;

const HOOKS: readonly PluginHook[] = [
  "onUserMessageCallback",
  "beforeRunCallback",
  "afterRunCallback",
  "onRunErrorCallback",
  "onEventCallback",
  "beforeYieldCallback",
  "beforeAgentCallback",
  "afterAgentCallback",
  "onAgentErrorCallback",
  "beforeModelCallback",
  "afterModelCallback",
  "onModelErrorCallback",
  "beforeToolCallback",
  "afterToolCallback",
  "onToolErrorCallback",
];

/** Errors that a hook throws on purpose; they reach the caller as they are. */
const PASSING = new Set(["BUDGET_EXCEEDED", "TOOL_FAILED"]);

/** Of a hook that no plugin has: most are asked in every turn. */
const NO_ANSWER: Promise<undefined> = Promise.resolve(undefined);

/** Calls the plugins of an app, in the order of their registration. */
export class PluginManager {
  readonly #plugins: BasePlugin[] = [];
  /** Only the plugins that override a hook. */
  readonly #byHook: Map<PluginHook, BasePlugin[]> = new Map();
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(
    plugins: readonly BasePlugin[] = [],
    { logger = consoleLogger, clock = systemClock }: { logger?: Logger; clock?: Clock } = {},
  ) {
    this.#logger = logger;
    this.#clock = clock;
    for (const plugin of plugins) this.registerPlugin(plugin);
  }

  get plugins(): readonly BasePlugin[] {
    return this.#plugins;
  }

  /** @throws AdkError `INVALID_ARGUMENT` for something that is no plugin, or a name that is taken. */
  registerPlugin(plugin: BasePlugin): void {
    if (!isPlugin(plugin))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `\`plugins\`: a plugin must extend BasePlugin, got ${describe(plugin)}. Give instances: new MyPlugin("my_plugin").`,
      );
    const unfit = HOOKS.find(
      (hook) => plugin[hook] !== undefined && typeof plugin[hook] !== "function",
    );
    if (unfit !== undefined)
      throw new AdkError(
        "INVALID_ARGUMENT",
        `Plugin ${plugin.name}: \`${unfit}\` must be a method, got ${describe(plugin[unfit])}.`,
      );
    if (this.getPlugin(plugin.name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `\`plugins\`: Two plugins are named ${plugin.name}. Give each a name of its own.`,
      );
    this.#plugins.push(plugin);
    for (const hook of HOOKS) {
      if (typeof plugin[hook] !== "function" || plugin[hook] === BasePlugin.prototype[hook])
        continue;
      const list = this.#byHook.get(hook) ?? [];
      list.push(plugin);
      this.#byHook.set(hook, list);
    }
  }

  getPlugin(name: string): BasePlugin | undefined {
    return this.#plugins.find((plugin) => plugin.name === name);
  }

  /** Whether any plugin has this hook; lets hot paths skip the call. */
  has(hook: PluginHook): boolean {
    return this.#byHook.has(hook);
  }

  /** The first answer, or `undefined`. @throws AdkError `PLUGIN_FAILED`, or what a hook throws on purpose. */
  first<H extends PluginHook>(hook: H, params: HookParams<H>): Promise<HookAnswer<H> | undefined> {
    const plugins = this.#byHook.get(hook);
    return plugins ? this.#first(plugins, hook, params) : NO_ANSWER;
  }

  async #first<H extends PluginHook>(
    plugins: readonly BasePlugin[],
    hook: H,
    params: HookParams<H>,
  ): Promise<HookAnswer<H> | undefined> {
    for (const plugin of plugins) {
      let answer: unknown;
      try {
        answer = await call(plugin, hook, params);
      } catch (error) {
        throw pluginFailed(plugin, hook, error);
      }
      if (answer === undefined || answer === null) continue;
      const expected = expectedAnswer(hook, answer);
      if (expected !== undefined)
        throw pluginFailed(
          plugin,
          hook,
          `it answered with ${describe(answer)}; return ${expected}, or nothing`,
        );
      return answer as HookAnswer<H>;
    }
    return undefined;
  }

  /** The event as its caller may see it; `undefined` when it may not. @throws AdkError `PLUGIN_FAILED`. */
  async view(params: HookParams<"beforeYieldCallback">): Promise<Event | undefined> {
    const hook = "beforeYieldCallback";
    let { event } = params;
    for (const plugin of this.#byHook.get(hook) ?? []) {
      let answer: unknown;
      try {
        answer = await call(plugin, hook, { ...params, event });
      } catch (error) {
        throw pluginFailed(plugin, hook, error);
      }
      if (answer === null) return undefined;
      if (answer === undefined) continue;
      const expected = expectedAnswer(hook, answer);
      if (expected !== undefined)
        throw pluginFailed(
          plugin,
          hook,
          `it answered with ${describe(answer)}; return ${expected}, null to hide the event, or nothing`,
        );
      event = replacedEvent(event, answer as Partial<Event>);
    }
    return event;
  }

  /** Tells every plugin. @throws AdkError `PLUGIN_FAILED`. */
  async each<H extends PluginHook>(hook: H, params: HookParams<H>): Promise<void> {
    for (const plugin of this.#byHook.get(hook) ?? []) {
      try {
        await call(plugin, hook, params);
      } catch (error) {
        throw pluginFailed(plugin, hook, error);
      }
    }
  }

  /** Tells every plugin; what one throws is logged and the others are told all the same. */
  async notify<H extends PluginHook>(hook: H, params: HookParams<H>): Promise<void> {
    for (const plugin of this.#byHook.get(hook) ?? []) {
      try {
        await call(plugin, hook, params);
      } catch (error) {
        this.#logger.error(`Plugin ${plugin.name} failed in ${hook}.`, { error });
      }
    }
  }

  /**
   * Closes every plugin, one after the other, each within `timeoutMs`.
   *
   * @throws AdkError `PLUGIN_FAILED` that names all that failed, after all were closed.
   */
  async close(timeoutMs: number): Promise<void> {
    const failures: string[] = [];
    for (const plugin of this.#plugins) {
      if (typeof plugin.close !== "function" || plugin.close === BasePlugin.prototype.close)
        continue;
      let cancel: (() => void) | undefined;
      try {
        const late = new Promise<never>((_, reject) => {
          cancel = this.#clock.after(timeoutMs, () =>
            reject(new AdkError("TIMEOUT", `not closed within ${timeoutMs} ms`)),
          );
        });
        const closing = Promise.resolve(plugin.close());
        closing.catch(() => {}); // too late, nobody listens
        await Promise.race([closing, late]);
      } catch (error) {
        failures.push(`${plugin.name}: ${messageOf(error)}`);
      } finally {
        cancel?.();
      }
    }
    if (failures.length > 0)
      throw new AdkError(
        "PLUGIN_FAILED",
        `Plugins failed to close: ${failures.join("; ")}. Everything else is closed; see to what these still hold.`,
        { details: { failures } },
      );
  }
}

/** Plugins of another copy of the package count too. */
function isPlugin(plugin: unknown): boolean {
  if (typeof plugin !== "object" || plugin === null || Array.isArray(plugin)) return false;
  const { name } = plugin as Partial<BasePlugin>;
  return typeof name === "string" && [...HOOKS, "close"].some((hook) => hook in plugin);
}

function call<H extends PluginHook>(plugin: BasePlugin, hook: H, params: HookParams<H>): unknown {
  const method = plugin[hook] as (this: BasePlugin, params: HookParams<H>) => unknown;
  return method.call(plugin, params);
}

function pluginFailed(plugin: BasePlugin, hook: PluginHook, error: unknown): unknown {
  if (AdkError.isInstance(error) && PASSING.has(error.code)) return error;
  return new AdkError(
    "PLUGIN_FAILED",
    `Plugin ${plugin.name} failed in ${hook}: ${messageOf(error)}`,
    { cause: error, details: { plugin: plugin.name, hook } },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
