import type { S3ArtifactStoreOptions } from "./store-options.ts";

/** What every object that is made gets, in whichever way it is made: PUT, multipart, copy, an upload by URL. */
export interface ObjectOptions {
  ServerSideEncryption?: "AES256" | "aws:kms" | "aws:kms:dsse";
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
  StorageClass?: "STANDARD";
  Tagging?: string;
}

export function objectOptions(options: S3ArtifactStoreOptions): ObjectOptions {
  const { encryption, storageClass, tags } = options;
  const tagging = tags && new URLSearchParams(tags).toString();
  return {
    ...(encryption && { ServerSideEncryption: encryption.type }),
    ...(encryption?.kmsKeyId !== undefined && { SSEKMSKeyId: encryption.kmsKeyId }),
    ...(encryption?.bucketKeyEnabled !== undefined && {
      BucketKeyEnabled: encryption.bucketKeyEnabled,
    }),
    // The SDK's list of classes grows; which one there is, the server says.
    ...(storageClass !== undefined && { StorageClass: storageClass as "STANDARD" }),
    ...(tagging && { Tagging: tagging }),
  };
}
