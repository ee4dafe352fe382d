/** `@adk/plugins/multimodal-tool-results`: tools that return files, and models that see them. */
export {
  MultimodalToolResultsPlugin,
  type MultimodalToolResultsPluginOptions,
} from "./multimodal-tool-results-plugin.ts";
