import { S3ArtifactService } from "@adk/artifacts-s3";
import { freshBucket } from "@adk/test-services";
import { PutObjectCommand } from "@aws-sdk/client-s3";
import { short } from "../../numbers.ts";
import { SCOPE, SMALL, type ArtifactsGroup } from "../artifacts-bench.ts";
import { countedClient } from "../counted-client.ts";

const SAVERS = 16;

/** Services that know nothing of each other, all at the same moment. */
export const savers: ArtifactsGroup = {
  name: "savers",
  async measure({ server, access, progress }) {
    progress(`${SAVERS} savers`);
    await using place = await freshBucket(server);
    using ours = countedClient(access);
    using bare = countedClient(access);
    const { bucket } = place;
    const services = Array.from(
      { length: SAVERS },
      () => new S3ArtifactService({ client: ours.client, bucket }),
    );
    const key = { ...SCOPE, filename: "raced" };
    const text = (saver: number): string => `of saver ${saver}`;
    const startedAt = performance.now();
    const versions = await Promise.all(
      services.map(
        async (service, saver) =>
          await service.saveArtifact({ ...key, artifact: { text: text(saver) } }),
      ),
    );
    const tookMs = performance.now() - startedAt;
    const requests = ours.sent();
    let kept = 0;
    for (const [saver, version] of versions.entries()) {
      const part = await services[0]!.loadArtifact({ ...key, version });
      if (part?.text === text(saver)) kept++;
    }
    const listed = await services[0]!.listVersions(key);
    const bareAt = performance.now();
    await Promise.all(
      services.map(
        async (_service, saver) =>
          await bare.client.send(
            new PutObjectCommand({ Bucket: bucket, Key: `bare/${saver}`, Body: SMALL }),
          ),
      ),
    );
    const bareMs = performance.now() - bareAt;
    return [
      {
        name: `${SAVERS} savers of one name at once, none knowing of another`,
        must: true,
        ours: `${listed.length} versions, ${kept} as saved; ${requests} requests, ${short(tookMs)} ms in all`,
        bare: `${SAVERS} keys; ${bare.sent()} requests, ${short(bareMs)} ms in all`,
        goal: `${SAVERS} versions`,
        met: listed.length === SAVERS && kept === SAVERS && new Set(versions).size === SAVERS,
      },
    ];
  },
};
