/** `@adk/plugins/context-filter`: requests with the last invocations only. */
export {
  ContextFilterPlugin,
  type ContextFilterPluginOptions,
  type CustomFilter,
} from "./context-filter-plugin.ts";
