import { artifactStoreSubject, type ArtifactSubject } from "@adk/core/testing";
import type { ArtifactStore } from "@adk/core";
import { freshBucket, type FreshBucket, type TestServer } from "@adk/test-services";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { openClient } from "../../src/connect.ts";
import { Keys } from "../../src/keys.ts";
import { S3ArtifactStore } from "../../src/s3-artifact-store.ts";
import type { S3ArtifactStoreOptions } from "../../src/store-options.ts";

const PREFIX = "kit/artifacts";

export interface S3SubjectOptions {
  readonly versioning?: boolean | undefined;
  /** Changes a store, to see what the kit says. */
  readonly store?: ((options: S3ArtifactStoreOptions) => ArtifactStore) | undefined;
  /** Changes what all services send. */
  readonly client?: ((client: S3Client) => void) | undefined;
  /** What lies about in the bucket before a case begins. */
  readonly before?: ((place: FreshBucket) => Promise<void>) | undefined;
}

/** A subject in a bucket of its own. Each service has a store of its own, as in another process. */
export async function s3Subject(
  server: Pick<TestServer, "url">,
  options: S3SubjectOptions = {},
): Promise<ArtifactSubject> {
  const place = await freshBucket(server, { versioning: options.versioning === true });
  await options.before?.(place);
  const client = openClient(place.access);
  options.client?.(client);
  const makeStore = options.store ?? ((given) => new S3ArtifactStore(given));
  return artifactStoreSubject({
    capabilities: { copy: true, urls: true, uploads: true },
    connect: () => makeStore({ client, bucket: place.bucket, prefix: PREFIX }),
    async corrupt({ version, ...key }) {
      const object = {
        Bucket: place.bucket,
        Key: new Keys(PREFIX).version(key, { life: 0, version }),
      };
      const { Body, Metadata } = await place.client.send(new GetObjectCommand(object));
      const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array(0);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await place.client.send(new PutObjectCommand({ ...object, Body: bytes, Metadata }));
    },
    async remove() {
      client.destroy();
      await place[Symbol.asyncDispose]();
    },
  });
}
