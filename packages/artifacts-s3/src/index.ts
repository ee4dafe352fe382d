/** `@adk/artifacts-s3`: artifacts in S3, and in servers that speak as it does. */
export type { S3ConnectionOptions } from "./connect.ts";
export {
  artifactServiceFromUri,
  S3ArtifactService,
  type ConnectS3Options,
  type S3ArtifactServiceOptions,
} from "./s3-artifact-service.ts";
export { S3ArtifactStore } from "./s3-artifact-store.ts";
export type { S3ArtifactStoreOptions, S3Encryption } from "./store-options.ts";
