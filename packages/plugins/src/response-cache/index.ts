/** `@adk/plugins/response-cache`: equal requests are answered from memory. */
export {
  ResponseCachePlugin,
  type ResponseCachePluginOptions,
  type ResponseCacheStats,
} from "./response-cache-plugin.ts";
