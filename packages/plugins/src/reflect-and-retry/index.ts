/** `@adk/plugins/reflect-and-retry`: what failed is told to the model, which tries again, a few times. */
export {
  ADK_HANDLE_MODEL_ERROR_TOOL_NAME,
  RESERVED_TOOL_CALL_ERROR_TYPE,
} from "./model-reflection.ts";
export type { ReflectAndRetryOptions } from "./reflect-and-retry-options.ts";
export {
  ReflectAndRetryModelPlugin,
  type ReflectAndRetryModelPluginOptions,
} from "./reflect-and-retry-model-plugin.ts";
export {
  ReflectAndRetryToolPlugin,
  type ReflectAndRetryToolPluginOptions,
  type ToolCallParams,
} from "./reflect-and-retry-tool-plugin.ts";
export { REFLECT_AND_RETRY_RESPONSE_TYPE, TrackingScope } from "./reflection.ts";
