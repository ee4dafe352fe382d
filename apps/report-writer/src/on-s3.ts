import { type BaseArtifactService, InMemorySessionService, Runner } from "@adk/core";
import { S3ArtifactService } from "@adk/artifacts-s3";
import { freshBucket, type TestServer } from "@adk/test-services";
import { strict as assert } from "node:assert";
import { ADA, ask } from "./ask.ts";
import { digestOf, type Digest } from "./digest.ts";
import { download, upload } from "./http-client.ts";
import { checkWhole } from "./on-disk.ts";
import { createWriter, REPORT, RETURNS, type Report } from "./writer.ts";

interface Scene {
  readonly artifactService: BaseArtifactService;
  readonly appName: string;
  readonly print: (line: string) => void;
}

/** The same agent on S3: its report is opened by a link, and a client sends the agent a file past this program. */
export async function tellOnS3(
  s3: Pick<TestServer, "url">,
  report: Report,
  expected: Digest,
  print: (line: string) => void,
): Promise<void> {
  await using place = await freshBucket(s3);
  await using artifactService = await S3ArtifactService.connect(
    `s3://${place.bucket}/reports`,
    place.access,
  );
  assert.deepEqual((await artifactService.check()).problems, []);
  const app = createWriter(report);
  const sessionService = new InMemorySessionService();
  await using runner = new Runner({
    app,
    sessionService,
    artifactService,
    autoCreateSession: true,
  });
  const { words, saved } = await ask(runner, "Write the sales report.");
  print(`On S3: ${words}`);
  assert.deepEqual(saved, { [REPORT]: 0 }, "the log says which file was saved");

  const scene = { artifactService, appName: app.name, print };
  await openLink(scene, expected);
  const lines = await sendFile(scene);
  const counted = await ask(runner, "I have sent the returns. How many are they?");
  assert.equal(counted.words, `${RETURNS} has ${lines} lines.`, "the agent reads what was sent");
  print(`The agent has read it: ${counted.words}`);
}

async function openLink(
  { artifactService, appName, print }: Scene,
  expected: Digest,
): Promise<void> {
  const name = { ...ADA, appName, filename: REPORT };
  await checkWhole(artifactService, name, expected);
  const link = await artifactService.getArtifactUrl({ ...name, expiresInMs: 60_000 });
  assert.ok(link);
  const file = await download(link);
  assert.deepEqual(file, { status: 200, contentType: "text/csv", ...expected }, "the link works");
  print(`A browser opens its link: ${file.status}, ${file.contentType}, ${file.size} bytes.`);
  const { origin, pathname } = new URL(link);
  const { status } = await download(`${origin}${pathname}`);
  assert.equal(status, 403, "without its signature the link opens nothing");
  print(`Without the signature: ${status}.`);
}

/** @returns how many lines were sent. */
async function sendFile({ artifactService, appName, print }: Scene): Promise<number> {
  const name = { ...ADA, appName, filename: RETURNS };
  const lines = ["sale-000003,tea set", "sale-000800,tea set", "sale-004711,tea set"];
  const text = `${lines.join("\n")}\n`;
  const digest = await digestOf(new Blob([text]).stream());
  const mimeType = "text/csv";
  const pending = await artifactService.createArtifactUpload({ ...name, mimeType });
  const complete = { ...name, ...digest, mimeType, uploadId: pending.uploadId };
  await assert.rejects(artifactService.completeArtifactUpload(complete), {
    code: "FAILED_PRECONDITION",
  });
  assert.equal(await upload(pending, text), 200, "the client may send");
  assert.deepEqual(await artifactService.listVersions(name), [], "nobody sees it yet");
  assert.equal(await upload(pending, "others"), 412, "what was sent is not written over");

  const version = await artifactService.completeArtifactUpload(complete);
  assert.equal(await artifactService.completeArtifactUpload(complete), version, "once is enough");
  assert.deepEqual(await artifactService.listVersions(name), [version], "it is one version");
  await checkWhole(artifactService, name, digest);
  print(`A client has sent ${digest.size} bytes past us: ${RETURNS}, version ${version}.`);
  return lines.length;
}
