/** `@adk/artifacts-fs`: artifacts in a folder. */
export { artifactServiceFromUri } from "./artifact-service-from-uri.ts";
export { FileArtifactService, type FileArtifactServiceOptions } from "./file-artifact-service.ts";
export { FileArtifactStore, type FileArtifactStoreOptions } from "./file-artifact-store.ts";
