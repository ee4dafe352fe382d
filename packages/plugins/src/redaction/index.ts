/** `@adk/plugins/redaction`: what must not be stored, shown or logged. */
export { RedactionPlugin } from "./redaction-plugin.ts";
export type { RedactionPluginOptions, RedactionRule } from "./redaction-options.ts";
