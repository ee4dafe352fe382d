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

describe.skipIf(!shared)(shared?.isGiven ? "S3" : "SeaweedFS", { timeout: 120_000 }, () => {
  const store = async () => await s3Subject(shared!);
  artifactServiceSuite({ describe, it }, { name: "artifacts in a bucket", store, knownGaps: [] });
});

/** `ADK_TEST_MATRIX=1`: what not every run must do; `servers.integration.test.ts` has what differs there. */
const isMatrix = Boolean(process.env["ADK_TEST_MATRIX"]);

describe.skipIf(!shared || !isMatrix)(
  "SeaweedFS, a bucket with versioning",
  { timeout: 120_000 },
  () => {
    const store = async () => await s3Subject(shared!, { versioning: true });
    artifactServiceSuite({ describe, it }, { name: "artifacts in a bucket", store, knownGaps: [] });
  },
);
