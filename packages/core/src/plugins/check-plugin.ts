import { AdkError } from "../errors.ts";
import { describe } from "../internal/check-options.ts";
import { BasePlugin, type PluginHook } from "./base-plugin.ts";

/** All hooks, in the order of a run. */
export const HOOKS: readonly PluginHook[] = [
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

const OTHER_METHODS = ["aroundModelCall", "aroundToolCall", "redact"] as const;

/** @throws AdkError `INVALID_ARGUMENT` for something that is no plugin, or one whose members do not fit. */
export function checkPlugin(plugin: BasePlugin): void {
  if (!isPlugin(plugin))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `\`plugins\`: a plugin must extend BasePlugin, got ${describe(plugin)}. Give instances: new MyPlugin("my_plugin").`,
    );
  for (const method of [...HOOKS, ...OTHER_METHODS])
    if (plugin[method] !== undefined && typeof plugin[method] !== "function")
      throw unfit(plugin, method, "a method");
  const { aroundRank, hookTimeoutMs, onFailure } = plugin;
  if (onFailure !== undefined && onFailure !== "fail" && onFailure !== "isolate")
    throw unfit(plugin, "onFailure", '"fail" or "isolate"');
  if (isIsolated(plugin) && overrides(plugin, "redact"))
    throw new AdkError(
      "INVALID_ARGUMENT",
      `Plugin ${plugin.name} redacts, so it cannot be isolated: without it, nothing may be stored or shown. Leave \`onFailure\` out.`,
    );
  if (aroundRank !== undefined && !Number.isFinite(aroundRank))
    throw unfit(plugin, "aroundRank", "a finite number");
  if (hookTimeoutMs !== undefined && !(Number.isSafeInteger(hookTimeoutMs) && hookTimeoutMs > 0))
    throw unfit(plugin, "hookTimeoutMs", "a whole number of milliseconds from 1");
}

/** Whether it only observes. */
export function isIsolated({ onFailure }: BasePlugin): boolean {
  return onFailure === "isolate";
}

/** Whether the plugin does more in this method than any plugin does. */
export function overrides(plugin: BasePlugin, method: keyof BasePlugin): boolean {
  return typeof plugin[method] === "function" && plugin[method] !== BasePlugin.prototype[method];
}

function unfit(plugin: BasePlugin, member: keyof BasePlugin, expected: string): AdkError {
  return new AdkError(
    "INVALID_ARGUMENT",
    `Plugin ${plugin.name}: \`${member}\` must be ${expected}, got ${describe(plugin[member])}.`,
  );
}

/** Plugins of another copy of the package count too. */
function isPlugin(plugin: unknown): boolean {
  if (typeof plugin !== "object" || plugin === null || Array.isArray(plugin)) return false;
  const { name } = plugin as Partial<BasePlugin>;
  return typeof name === "string" && [...HOOKS, "close"].some((hook) => hook in plugin);
}
