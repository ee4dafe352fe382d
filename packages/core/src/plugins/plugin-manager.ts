import type { Logger } from "../context/logger.ts";
import { consoleLogger } from "../context/logger.ts";
import { AdkError } from "../errors.ts";
import { describe } from "../internal/check-options.ts";
import type { Clock } from "../internal/clock.ts";
import { systemClock } from "../internal/clock.ts";
import type { Event } from "../events/event.ts";
import { Redaction } from "./redaction.ts";
import { replacedEvent } from "./replaced-event.ts";
import type { BasePlugin, PluginHook } from "./base-plugin.ts";
import { AroundChain } from "./around-chain.ts";
import { callHook, type HookAnswer, type HookParams } from "./call-hook.ts";
import { expectedAnswer } from "./check-answer.ts";
import { checkPlugin, HOOKS, isIsolated, overrides } from "./check-plugin.ts";
import { Observers } from "./observers.ts";
import { pluginFailed } from "./plugin-failed.ts";

/** Of a hook that no plugin has: most are asked in every turn. */
const NO_ANSWER: Promise<undefined> = Promise.resolve(undefined);

/** Calls the plugins of an app, in the order of their registration. */
export class PluginManager {
  readonly #plugins: BasePlugin[] = [];
  /** Only the plugins that override a hook. */
  readonly #byHook: Map<PluginHook, BasePlugin[]> = new Map();
  /** Outermost first. */
  readonly #around: Record<"aroundModelCall" | "aroundToolCall", BasePlugin[]> = {
    aroundModelCall: [],
    aroundToolCall: [],
  };
  #redaction: Redaction | undefined;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #observers: Observers;

  constructor(
    plugins: readonly BasePlugin[] = [],
    { logger = consoleLogger, clock = systemClock }: { logger?: Logger; clock?: Clock } = {},
  ) {
    this.#logger = logger;
    this.#clock = clock;
    this.#observers = new Observers(clock, logger);
    for (const plugin of plugins) this.registerPlugin(plugin);
  }

  get plugins(): readonly BasePlugin[] {
    return this.#plugins;
  }

  /** @throws AdkError `INVALID_ARGUMENT` for something that is no plugin, or a name that is taken. */
  registerPlugin(plugin: BasePlugin): void {
    checkPlugin(plugin);
    if (this.getPlugin(plugin.name))
      throw new AdkError(
        "INVALID_ARGUMENT",
        `\`plugins\`: Two plugins are named ${plugin.name}. Give each a name of its own.`,
      );
    this.#plugins.push(plugin);
    for (const hook of HOOKS) {
      if (!overrides(plugin, hook)) continue;
      const list = this.#byHook.get(hook) ?? [];
      list.push(plugin);
      this.#byHook.set(hook, list);
    }
    const redacting = this.#plugins.filter((one) => overrides(one, "redact"));
    if (redacting.length > 0) this.#redaction = new Redaction(redacting);
    for (const kind of ["aroundModelCall", "aroundToolCall"] as const) {
      if (!overrides(plugin, kind) || isIsolated(plugin)) continue;
      this.#around[kind].push(plugin);
      this.#around[kind].sort((left, right) => rankOf(right) - rankOf(left));
    }
  }

  /** What all that is stored and shown must pass; `undefined` when no plugin redacts. */
  get redaction(): Redaction | undefined {
    return this.#redaction;
  }

  /** Has no hooks of these plugins, but what they redact stays redacted. */
  withoutHooks(): PluginManager {
    const manager = new PluginManager([], { logger: this.#logger, clock: this.#clock });
    manager.#redaction = this.#redaction;
    return manager;
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
        answer = await this.#call(plugin, hook, params);
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

  #call<H extends PluginHook>(plugin: BasePlugin, hook: H, params: HookParams<H>): unknown {
    return isIsolated(plugin)
      ? this.#observers.tell(plugin, hook, params)
      : callHook(plugin, hook, params, this.#clock);
  }

  /**
   * The way of one call through the plugins that stand around calls of its kind; `undefined` when there are none.
   *
   * @param isFinal whether an error of the real call ends the run, whatever they make of it.
   */
  around(
    kind: "aroundModelCall" | "aroundToolCall",
    isFinal: (error: unknown) => boolean,
  ): AroundChain | undefined {
    const plugins = this.#around[kind];
    return plugins.length > 0 ? new AroundChain(plugins, this.#clock, isFinal) : undefined;
  }

  /** The event as its caller may see it; `undefined` when it may not. @throws AdkError `PLUGIN_FAILED`. */
  async view(params: HookParams<"beforeYieldCallback">): Promise<Event | undefined> {
    const hook = "beforeYieldCallback";
    let { event } = params;
    for (const plugin of this.#byHook.get(hook) ?? []) {
      let answer: unknown;
      try {
        answer = await this.#call(plugin, hook, { ...params, event });
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
        await this.#call(plugin, hook, params);
      } catch (error) {
        throw pluginFailed(plugin, hook, error);
      }
    }
  }

  /** Tells every plugin; what one throws is logged and the others are told all the same. */
  async notify<H extends PluginHook>(hook: H, params: HookParams<H>): Promise<void> {
    for (const plugin of this.#byHook.get(hook) ?? []) {
      try {
        await this.#call(plugin, hook, params);
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
      if (!overrides(plugin, "close")) continue;
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

function rankOf({ aroundRank = 0 }: Partial<BasePlugin>): number {
  return aroundRank;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
