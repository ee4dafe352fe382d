/** `@adk/plugins/save-files-as-artifacts`: files in messages become artifacts. */
export {
  SaveFilesAsArtifactsPlugin,
  type SaveFilesAsArtifactsPluginOptions,
} from "./save-files-as-artifacts-plugin.ts";
