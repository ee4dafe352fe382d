import type { Context } from "../context/context.ts";
import { SharedContext } from "../context/shared-context.ts";
import type { Clock } from "../internal/clock.ts";
import type { BasePlugin, PluginHook } from "./base-plugin.ts";
import { HookTimer } from "./hook-timer.ts";

/** What a hook is called with, and what it answers. */
export type HookParams<H extends PluginHook> = Parameters<BasePlugin[H]>[0];
export type HookAnswer<H extends PluginHook> = Awaited<ReturnType<BasePlugin[H]>>;

/** @returns what the hook returns, perhaps a promise. @throws what it throws; AdkError `TIMEOUT`. */
export function callHook<H extends PluginHook>(
  plugin: BasePlugin,
  hook: H,
  params: HookParams<H>,
  clock: Clock,
): unknown {
  return plugin.hookTimeoutMs === undefined
    ? invokeHook(plugin, hook, params)
    : callInTime(plugin, hook, params, new HookTimer(clock, plugin.hookTimeoutMs));
}

async function callInTime<H extends PluginHook>(
  plugin: BasePlugin,
  hook: H,
  params: HookParams<H>,
  timer: HookTimer,
): Promise<unknown> {
  const contexts: SharedContext[] = [];
  const own = { ...params } as { callbackContext?: Context; toolContext?: Context };
  for (const name of ["callbackContext", "toolContext"] as const)
    if (own[name] !== undefined) contexts.push((own[name] = new SharedContext(own[name])));
  try {
    return await timer.run(() => invokeHook(plugin, hook, own as HookParams<H>));
  } finally {
    for (const context of contexts) context.revoke("the hook is over");
  }
}

/** Calls the method as it is. @returns what it returns, perhaps a promise. */
export function invokeHook<H extends PluginHook>(
  plugin: BasePlugin,
  hook: H,
  params: HookParams<H>,
): unknown {
  const method = plugin[hook] as (this: BasePlugin, params: HookParams<H>) => unknown;
  return method.call(plugin, params);
}
