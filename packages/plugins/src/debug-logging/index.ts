/** `@adk/plugins/debug-logging`: all that a run said and did, as a YAML document an invocation. */
export { DebugLoggingPlugin, type DebugLoggingPluginOptions } from "./debug-logging-plugin.ts";
