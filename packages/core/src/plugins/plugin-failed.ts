import { AdkError } from "../errors.ts";
import type { BasePlugin } from "./base-plugin.ts";

/** Errors that a plugin throws on purpose; they reach the caller as they are. */
const PASSING = new Set(["BUDGET_EXCEEDED", "TOOL_FAILED"]);

/** The error that a run fails with when a method of a plugin has failed. @param error what it threw, or what was wrong. */
export function pluginFailed({ name }: BasePlugin, hook: string, error: unknown): unknown {
  if (AdkError.isInstance(error) && PASSING.has(error.code)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AdkError("PLUGIN_FAILED", `Plugin ${name} failed in ${hook}: ${message}`, {
    cause: error,
    details: { plugin: name, hook },
  });
}
