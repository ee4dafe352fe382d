/** A story that checks itself; README.md tells what happens. Exits with 1 when it comes out otherwise. */
import { offered, S3Server, sharedS3 } from "@adk/test-services";
import { AssertionError } from "node:assert";
import { tellStory } from "./src/story.ts";

const { stdout, stderr } = process;

try {
  const seaweedFs = await offered(sharedS3);
  await using s3 = seaweedFs ?? (await S3Server.start());
  const print = (line: string): void => void stdout.write(`${line}\n`);
  if (!seaweedFs) print("SeaweedFS cannot be had here: an S3 of our own takes its place.");
  await tellStory({ s3, print });
  stdout.write("All of it was so.\n");
} catch (error) {
  if (!(error instanceof AssertionError)) throw error;
  stderr.write(`It was not so: ${error.message}\n`);
  process.exitCode = 1;
}
