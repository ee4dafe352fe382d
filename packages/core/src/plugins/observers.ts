import { Context } from "../context/context.ts";
import { InvocationContext } from "../context/invocation-context.ts";
import type { Logger } from "../context/logger.ts";
import { ObservedContext } from "../context/observed-context.ts";
import { observedInvocationContext } from "../context/observed-invocation.ts";
import { type Clock, settlesWithin } from "../internal/clock.ts";
import { describe } from "../internal/check-options.ts";
import { frozenView } from "../internal/frozen-view.ts";
import type { BasePlugin, PluginHook } from "./base-plugin.ts";
import { type HookParams, invokeHook } from "./call-hook.ts";

/** How long a run waits for a hook of an isolated plugin, in milliseconds, where the plugin does not say. */
const DEFAULT_TIMEOUT_MS = 1_000;

/** Tells isolated plugins what happens. Whatever becomes of that, the run goes on as if they were not there. */
export class Observers {
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** How many hooks of a plugin have not come back in time and are still under way: it is not waited for meanwhile. */
  readonly #late: Map<BasePlugin, number> = new Map();

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Resolves when the hook has come back, or when its time is over. Never rejects. */
  async tell<H extends PluginHook>(
    plugin: BasePlugin,
    hook: H,
    params: HookParams<H>,
  ): Promise<void> {
    const work = this.#call(plugin, hook, params);
    if (this.#late.has(plugin)) return;
    const timeoutMs = plugin.hookTimeoutMs ?? DEFAULT_TIMEOUT_MS;
    if (await settlesWithin(this.#clock, timeoutMs, work)) return;
    this.#logger.warn(
      `Plugin ${plugin.name} has not come back from ${hook} within ${timeoutMs} ms. It is isolated: the run goes on, and does not wait for it until it has.`,
    );
    this.#late.set(plugin, (this.#late.get(plugin) ?? 0) + 1);
    void work.then(() => {
      const left = (this.#late.get(plugin) ?? 0) - 1;
      if (left > 0) this.#late.set(plugin, left);
      else this.#late.delete(plugin);
    });
  }

  async #call<H extends PluginHook>(
    plugin: BasePlugin,
    hook: H,
    params: HookParams<H>,
  ): Promise<void> {
    try {
      const answer: unknown = await invokeHook(plugin, hook, observed(params));
      if (answer === undefined || answer === null) return;
      this.#logger.warn(
        `Plugin ${plugin.name} answered ${hook} with ${describe(answer)}. It is isolated: the answer is dropped.`,
      );
    } catch (error) {
      this.#logger.error(
        `Plugin ${plugin.name} failed in ${hook}. It is isolated: the run goes on.`,
        { error },
      );
    }
  }
}

/** Copies and contexts that nothing can be done to. Agents and tools are the app's own. */
function observed<P extends object>(params: P): P {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]: [string, unknown]) => [name, viewOf(value)]),
  ) as P;
}

function viewOf(value: unknown): unknown {
  if (value instanceof Context) return new ObservedContext(value);
  if (value instanceof InvocationContext) return observedInvocationContext(value);
  return frozenView(value);
}
