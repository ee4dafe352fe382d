/** `@adk/plugins/logging`: a trace of every run for a person to read. */
export { LoggingPlugin, type LoggingPluginOptions } from "./logging-plugin.ts";
