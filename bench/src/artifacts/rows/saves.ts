import { S3ArtifactService } from "@adk/artifacts-s3";
import { freshBucket } from "@adk/test-services";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { median, short } from "../../numbers.ts";
import {
  SCOPE,
  SMALL,
  type ArtifactLine,
  type ArtifactsBench,
  type ArtifactsGroup,
} from "../artifacts-bench.ts";
import { countedClient } from "../counted-client.ts";

const SAVES = 200;
const MOST_REQUESTS = 1.1;

/** Requests and time of a save, our saves and bare PUTs in turn. */
export const saves: ArtifactsGroup = {
  name: "saves",
  async measure(bench) {
    return [
      await measure(bench, `${SAVES} saves of one name, 4 KB`, () => "one"),
      await measure(bench, `${SAVES} saves of new names, 4 KB`, (index) => `name-${index}`),
    ];
  },
};

async function measure(
  { server, access, progress }: ArtifactsBench,
  name: string,
  filename: (index: number) => string,
): Promise<ArtifactLine> {
  progress(name);
  await using place = await freshBucket(server);
  using ours = countedClient(access);
  using bare = countedClient(access);
  const { bucket } = place;
  await using service = new S3ArtifactService({ client: ours.client, bucket });
  const save = async (index: number): Promise<unknown> => {
    const artifact = { inlineData: { data: SMALL, mimeType: "application/x-bench" } };
    return await service.saveArtifact({ ...SCOPE, filename: filename(index), artifact });
  };
  const put = async (index: number): Promise<unknown> =>
    await bare.client.send(
      new PutObjectCommand({ Bucket: bucket, Key: `bare/${index}`, Body: SMALL }),
    );
  const taken = { ours: [] as number[], bare: [] as number[] };
  const time = async (who: "ours" | "bare", work: () => Promise<unknown>): Promise<void> => {
    const startedAt = performance.now();
    await work();
    taken[who].push(performance.now() - startedAt);
  };
  for (let index = 0; index < SAVES; index++) {
    await time("ours", async () => await save(index));
    await time("bare", async () => await put(index));
  }
  const requests = ours.sent() / SAVES;
  return {
    name,
    must: true,
    ours: `${requests} requests, ${short(median(taken.ours))} ms each`,
    bare: `${bare.sent() / SAVES} requests, ${short(median(taken.bare))} ms each`,
    goal: `≤ ${MOST_REQUESTS} requests`,
    met: requests <= MOST_REQUESTS,
  };
}
