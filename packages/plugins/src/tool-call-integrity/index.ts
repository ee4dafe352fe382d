/** `@adk/plugins/tool-call-integrity`: every call in a request has its response. */
export {
  ToolCallIntegrityPlugin,
  type ToolCallIntegrityPluginOptions,
} from "./tool-call-integrity-plugin.ts";
