import {
  DeleteObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { describe, expect, it, vi } from "vitest";
import {
  freshBucket,
  freshFolder,
  offered,
  startCeph,
  startMoto,
  type FreshBucket,
} from "../src/index.ts";

const MIB = 1_048_576;

async function stored(place: FreshBucket, Key: string, Body: Uint8Array): Promise<boolean> {
  const command = new PutObjectCommand({ Bucket: place.bucket, Key, Body, IfNoneMatch: "*" });
  return await place.client.send(command).then(
    () => true,
    () => false,
  );
}

async function versionsOf({ client, bucket: Bucket }: FreshBucket) {
  const found = await client.send(new ListObjectVersionsCommand({ Bucket }));
  return [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])];
}

/** `ADK_TEST_MATRIX=1`: servers that not every run must have. */
describe.skipIf(!process.env["ADK_TEST_MATRIX"])("S3 servers", { timeout: 180_000 }, () => {
  it.for([
    ["moto", startMoto],
    ["Ceph", startCeph],
  ] as const)(
    "%s stores one of sixteen, and nothing of it is left",
    async ([, start], { skip }) => {
      const server = await offered(start);
      skip(!server);
      {
        await using running = server!;
        await using place = await freshBucket(running);
        const outcomes = await Promise.all(
          Array.from({ length: 16 }, (_item, at) => stored(place, "a", new Uint8Array(MIB + at))),
        );
        expect(outcomes.filter(Boolean)).toHaveLength(1);
      }
      await expect(fetch(new URL(server!.url).origin)).rejects.toThrow("fetch failed");
    },
  );

  it("moto takes one request at a time: versions that are removed at once are all gone", async ({
    skip,
  }) => {
    const server = await offered(startMoto);
    skip(!server);
    await using moto = server!;
    await using place = await freshBucket(moto, { versioning: true });
    const { client, bucket: Bucket } = place;
    for (let round = 0; round < 30; round++) {
      for (let count = 0; count < 2; count++)
        await client.send(
          new PutObjectCommand({ Bucket, Key: "a", Body: new Uint8Array(6 * MIB) }),
        );
      await client.send(new DeleteObjectCommand({ Bucket, Key: "a" }));
      const removals = (await versionsOf(place)).map(({ Key, VersionId }) =>
        client.send(new DeleteObjectCommand({ Bucket, Key, VersionId })),
      );
      expect(await Promise.all(removals)).toHaveLength(3);
      expect(await versionsOf(place)).toEqual([]);
    }
  });

  it.for([
    ["moto 5.2.5", startMoto, "python3 -m pip install"],
    ["Ceph 16.2.15", startCeph, "apt-get download radosgw"],
  ] as const)("where %s cannot be had, what to do is said", async ([name, start, advice]) => {
    await using folder = await freshFolder();
    vi.stubEnv("TMPDIR", folder.path);
    vi.stubEnv("PATH", folder.path);
    try {
      await expect(start()).rejects.toThrow(`${name} could not be fetched (`);
      await expect(start()).rejects.toThrow(advice);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
