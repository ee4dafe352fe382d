import { S3ArtifactService } from "@adk/artifacts-s3";
import { freshBucket, type FreshBucket } from "@adk/test-services";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from "@aws-sdk/client-s3";
import type { Readable } from "node:stream";
import { median, short } from "../../numbers.ts";
import {
  SCOPE,
  SMALL,
  type ArtifactLine,
  type ArtifactsBench,
  type ArtifactsGroup,
} from "../artifacts-bench.ts";
import { countedClient } from "../counted-client.ts";

const NAMES = 2_500;
const AT_ONCE = 50;
const LISTS = 11;
const RANGES = 101;
const FILE_BYTES = 64 * 1_048_576;

/** A list of many names, and the first byte of a range in a large file. */
export const reads: ArtifactsGroup = {
  name: "reads",
  async measure(bench) {
    return [await listing(bench), await firstByte(bench)];
  },
};

async function listing({ server, access, progress }: ArtifactsBench): Promise<ArtifactLine> {
  progress(`${NAMES} names`);
  await using place = await freshBucket(server);
  using ours = countedClient(access);
  const { bucket, client } = place;
  await using service = new S3ArtifactService({ client: ours.client, bucket });
  for (let start = 0; start < NAMES; start += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_item, index) => {
        const filename = `file-${start + index}.txt`;
        await service.saveArtifact({ ...SCOPE, filename, artifact: { text: filename } });
      }),
    );
  const before = ours.sent();
  const taken = { ours: [] as number[], bare: [] as number[] };
  let names: string[] = [];
  for (let round = 0; round < LISTS; round++) {
    taken.ours.push(
      await timed(async () => {
        names = await service.listArtifactKeys(SCOPE);
      }),
    );
    taken.bare.push(await timed(async () => await listBare(place)));
  }
  const requests = (ours.sent() - before) / LISTS;
  const isWhole = new Set(names).size === NAMES;
  return {
    name: `a list of ${NAMES.toLocaleString("en")} names`,
    must: false,
    ours: `${short(median(taken.ours))} ms, ${requests} requests${isWhole ? "" : `, ${names.length} NAMES`}`,
    bare: `${short(median(taken.bare))} ms, the keys alone`,
    goal: `all ${NAMES.toLocaleString("en")}`,
    met: isWhole,
  };

  async function listBare({ bucket: Bucket }: FreshBucket): Promise<void> {
    let ContinuationToken: string | undefined;
    do {
      const more = ContinuationToken === undefined ? {} : { ContinuationToken };
      const page = await client.send(new ListObjectsV2Command({ Bucket, ...more }));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }
}

async function firstByte({ server, access, progress }: ArtifactsBench): Promise<ArtifactLine> {
  progress("first byte of a range");
  await using place = await freshBucket(server);
  using ours = countedClient(access);
  const { bucket, client } = place;
  await using service = new S3ArtifactService({ client: ours.client, bucket });
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < FILE_BYTES; sent += SMALL.length) yield SMALL;
  };
  const key = { ...SCOPE, filename: "large" };
  const version = await service.saveArtifactStream({ ...key, body: body() });
  const Body = Buffer.alloc(FILE_BYTES, 1);
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: "bare", Body }));
  const before = ours.sent();
  const taken = { ours: [] as number[], bare: [] as number[] };
  for (let round = 0; round < RANGES; round++) {
    const start = Math.floor((FILE_BYTES / RANGES) * round);
    const range = { start, end: start + 65_536 };
    taken.ours.push(
      await timed(async () => {
        await using opened = await service.openArtifact({ ...key, version, range });
        for await (const _chunk of opened!.body) break;
      }),
    );
    taken.bare.push(
      await timed(async () => {
        const Range = `bytes=${range.start}-${range.end - 1}`;
        const command = new GetObjectCommand({ Bucket: bucket, Key: "bare", Range });
        const stream = (await client.send(command)).Body as Readable;
        for await (const _chunk of stream) break;
      }),
    );
  }
  return {
    name: "the first byte of a range of 64 KB in a file of 64 MB",
    must: false,
    ours: `${short(median(taken.ours))} ms, ${(ours.sent() - before) / RANGES} requests`,
    bare: `${short(median(taken.bare))} ms, 1 request`,
  };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
