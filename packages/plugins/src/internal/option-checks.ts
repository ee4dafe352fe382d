import type { OptionCheck, PluginOptions } from "@adk/core";

/** A whole number within bounds, inclusive. */
export function integer(min: number, max: number = Number.MAX_SAFE_INTEGER): OptionCheck {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `a whole number from ${min} to ${max === Number.MAX_SAFE_INTEGER ? "2^53-1" : max}`;
}

/** One of some texts. */
export function oneOf(...values: readonly string[]): OptionCheck {
  return (value) =>
    values.includes(value as string)
      ? undefined
      : `one of ${values.map((text) => JSON.stringify(text)).join(", ")}`;
}

/** A text that is not blank. */
export const filledText: OptionCheck = (value) =>
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
