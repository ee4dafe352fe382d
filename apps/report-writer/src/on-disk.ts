import { type BaseArtifactService, InMemorySessionService, Runner } from "@adk/core";
import { FileArtifactService } from "@adk/artifacts-fs";
import { freshFolder } from "@adk/test-services";
import { strict as assert } from "node:assert";
import { text } from "node:stream/consumers";
import { ADA, ask } from "./ask.ts";
import { digestOf, type Digest } from "./digest.ts";
import { LAST_LINE } from "./sales-report.ts";
import { createWriter, REPORT, type Report } from "./writer.ts";

/** The report in a folder: written by the agent, read whole and in part by the program. */
export async function tellOnDisk(
  report: Report,
  expected: Digest,
  print: (line: string) => void,
): Promise<void> {
  await using folder = await freshFolder();
  await using artifactService = await FileArtifactService.connect({ path: folder.path });
  const app = createWriter(report);
  const sessionService = new InMemorySessionService();
  await using runner = new Runner({
    app,
    sessionService,
    artifactService,
    autoCreateSession: true,
  });
  const { words, saved } = await ask(runner, "Write the sales report.");
  print(`In a folder: ${words}`);
  assert.deepEqual(saved, { [REPORT]: 0 }, "the log says which file was saved");

  const name = { ...ADA, appName: app.name, filename: REPORT };
  await checkWhole(artifactService, name, expected);
  const start = expected.size - LAST_LINE.length;
  await using end = await artifactService.openArtifact({ ...name, range: { start } });
  assert.ok(end);
  assert.equal(await text(end.body), LAST_LINE, "a range is read alone");
  print(`Its last line, read alone: ${LAST_LINE.trim()}`);
  await assert.rejects(artifactService.getArtifactUrl(name), { code: "UNSUPPORTED" });
  print("A folder has no links: UNSUPPORTED.");
}

/** The file as the service gives it. */
export async function checkWhole(
  artifactService: BaseArtifactService,
  name: { appName: string; userId: string; sessionId: string; filename: string },
  expected: Digest,
): Promise<void> {
  await using file = await artifactService.openArtifact(name);
  assert.ok(file, `${name.filename} is there`);
  assert.deepEqual(await digestOf(file.body), expected, `${name.filename} is whole`);
  assert.equal(file.mimeType, "text/csv");
}
