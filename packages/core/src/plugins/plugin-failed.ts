import { AdkError } from "../errors.ts";
import type { BasePlugin } from "./base-plugin.ts";

/** Errors that only a plugin throws on purpose. */
const PASSING = new Set(["BUDGET_EXCEEDED", "TOOL_FAILED"]);

/** The error that a run fails with when a method of a plugin has failed. @param error what it threw, or what was wrong. */
export function pluginFailed({ name }: BasePlugin, hook: string, error: unknown): unknown {
  if (isOnPurpose(error, name)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AdkError("PLUGIN_FAILED", `Plugin ${name} failed in ${hook}: ${message}`, {
    cause: error,
    details: { plugin: name, hook },
  });
}

/** Whether the caller is meant to see an error as it is: by its code, or because it names the plugin itself. */
function isOnPurpose(error: unknown, plugin: string): boolean {
  if (!AdkError.isInstance(error)) return false;
  return PASSING.has(error.code) || error.details["plugin"] === plugin;
}
