import { artifactServiceSuite } from "@adk/core/testing";
import { offered, sharedS3 } from "@adk/test-services";
import { afterAll, describe, it } from "vitest";
import { s3Subject } from "./support/subject.ts";

const server = await offered(sharedS3);
afterAll(async () => await server?.[Symbol.asyncDispose]());

describe.skipIf(!server)(server?.isGiven ? "S3" : "SeaweedFS", { timeout: 120_000 }, () => {
  const store = async () => await s3Subject(server!);
  artifactServiceSuite({ describe, it }, { name: "artifacts in a bucket", store, knownGaps: [] });
});
