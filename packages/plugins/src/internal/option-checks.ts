import { integer, oneOf, type OptionCheck, type PluginOptions } from "@adk/core";

/** A text that is not blank. */
export const filledText = (value: unknown): string | undefined =>
  typeof value === "string" && value.trim() !== "" ? undefined : "a text that is not blank";

/** Rows for what an app may decide of a plugin that only observes. */
export const PLUGIN_OPTIONS: Readonly<Record<keyof PluginOptions, OptionCheck>> = {
  hookTimeoutMs: integer(1),
  onFailure: oneOf("fail", "isolate"),
};

/** Those options, for `BasePlugin`. */
export function pluginOptions({ hookTimeoutMs, onFailure }: PluginOptions): PluginOptions {
  return { hookTimeoutMs, onFailure };
}
