import { artifactServiceSuite } from "@adk/core/testing";
import { offered, S3Server, sharedS3 } from "@adk/test-services";
import { afterAll, describe, it } from "vitest";
import { s3Subject } from "./support/subject.ts";

const own = await S3Server.start();
const shared = await offered(sharedS3);
afterAll(async () => {
  await own[Symbol.asyncDispose]();
  await shared?.[Symbol.asyncDispose]();
});

describe("a server of our own", { timeout: 120_000 }, () => {
  const store = async () => await s3Subject(own);
  artifactServiceSuite({ describe, it }, { name: "artifacts in a bucket", store, knownGaps: [] });
});

describe.skipIf(!shared)(shared?.isGiven ? "S3" : "SeaweedFS 4.48", { timeout: 120_000 }, () => {
  const store = async () => await s3Subject(shared!);
  artifactServiceSuite({ describe, it }, { name: "artifacts in a bucket", store, knownGaps: [] });
});
