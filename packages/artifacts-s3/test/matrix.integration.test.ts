import { artifactServiceSuite } from "@adk/core/testing";
import {
  freshBucket,
  offered,
  sharedS3,
  startCeph,
  startMoto,
  type TestServer,
} from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { openClient } from "../src/connect.ts";
import { S3ArtifactService } from "../src/s3-artifact-service.ts";
import { describeServer } from "./support/describe-server.ts";
import { s3Subject } from "./support/subject.ts";

/** `ADK_TEST_MATRIX=1`: servers that not every run must have. */
async function inMatrix(start: () => Promise<TestServer>): Promise<TestServer | undefined> {
  return process.env["ADK_TEST_MATRIX"] ? await offered(start) : undefined;
}

const seaweedFs = await inMatrix(sharedS3);
const moto = await inMatrix(startMoto);
const ceph = await inMatrix(startCeph);
afterAll(async () => {
  for (const server of [seaweedFs, moto, ceph]) await server?.[Symbol.asyncDispose]();
});

function kit(name: string, server: TestServer | undefined, versioning: boolean = false): void {
  describe.skipIf(!server)(name, { timeout: 240_000 }, () => {
    const store = async () => await s3Subject(server!, { versioning });
    artifactServiceSuite({ describe, it }, { name: "artifacts in a bucket", store, knownGaps: [] });
  });
}

kit("SeaweedFS 4.48, a bucket with versioning", seaweedFs, true);

kit("moto 5.2.5", moto);
// It checks no signatures, and has another name for what is not there when a part is copied from it.
describeServer("moto 5.2.5", moto, {
  tamperedUrl: 200,
  absentSource: "MISCONFIGURED",
});

kit("Ceph 16.2.15", ceph);
describeServer("Ceph 16.2.15", ceph);

describe.skipIf(!ceph)("Ceph 16.2.15, a bucket with versioning", () => {
  it("is refused by check(): conditions are ignored in it", async () => {
    await using place = await freshBucket(ceph!, { versioning: true });
    const client = openClient(place.access);
    const service = new S3ArtifactService({ client, bucket: place.bucket });
    const { problems } = await service.check();
    expect(problems).toMatchObject([{ code: "MISCONFIGURED" }]);
    expect(problems[0]?.message).toContain("ignores conditions");
    client.destroy();
  });
});
