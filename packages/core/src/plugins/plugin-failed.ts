import { AdkError } from "../errors.ts";
import type { BasePlugin } from "./base-plugin.ts";

/** Errors that only a plugin throws on purpose. */
const PASSING = new Set(["BUDGET_EXCEEDED", "TOOL_FAILED"]);

/** What hooks have thrown on purpose: for the caller of the run, also when the run is an agent tool's. */
const thrownOnPurpose: WeakSet<AdkError> = new WeakSet();

/** The error that a run fails with when a method of a plugin has failed. @param error what it threw, or what was wrong. */
export function pluginFailed({ name }: BasePlugin, hook: string, error: unknown): unknown {
  if (isOnPurpose(error, name)) {
    thrownOnPurpose.add(error);
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new AdkError("PLUGIN_FAILED", `Plugin ${name} failed in ${hook}: ${message}`, {
    cause: error,
    details: { plugin: name, hook },
  });
}

/** Whether the caller is meant to see an error as it is: by its code, or because it names the plugin itself. */
function isOnPurpose(error: unknown, plugin: string): error is AdkError {
  if (!AdkError.isInstance(error)) return false;
  return PASSING.has(error.code) || error.details["plugin"] === plugin;
}

/** Whether a hook of a plugin has thrown this very error on purpose. */
export function isThrownOnPurpose(error: AdkError): boolean {
  return thrownOnPurpose.has(error);
}
