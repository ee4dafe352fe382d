import { HeadBucketCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { afterAll, describe, expect, it } from "vitest";
import { freshBucket, offered, S3Server, sharedS3 } from "../src/index.ts";
import { playRequests } from "./support/s3-requests.ts";

const shared = await offered(sharedS3);
afterAll(async () => await shared?.[Symbol.asyncDispose]());

/** What SeaweedFS 4.48 answered; `vitest -u` records it anew. */
const RECORDED = "./fixtures/s3-answers.json";

async function answersOf(url: string): Promise<string> {
  return `${JSON.stringify(await playRequests(url), null, 2)}\n`;
}

describe("the answers to a list of requests", { timeout: 60_000 }, () => {
  it.skipIf(!shared || shared.isGiven)("are those that were recorded, of SeaweedFS", async () => {
    await expect(await answersOf(shared!.url)).toMatchFileSnapshot(RECORDED);
  });

  it("are the same of our own server", async () => {
    await using own = await S3Server.start();
    await expect(await answersOf(own.url)).toMatchFileSnapshot(RECORDED);
  });
});

describe("a bucket of one test", () => {
  it("is emptied of all object versions and removed at the end", async () => {
    await using own = await S3Server.start();
    const place = await freshBucket(own, { versioning: true });
    const { bucket: Bucket, client } = place;
    for (const Body of ["one", "two"])
      await client.send(new PutObjectCommand({ Bucket, Key: "a", Body }));
    await place[Symbol.asyncDispose]();
    await using other = await freshBucket(own);
    await expect(other.client.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
  });
});
