/** A story that checks itself; README.md tells what happens. Exits with 1 when it comes out otherwise. */
import { offered, S3Server, sharedS3 } from "@adk/test-services";
import { AssertionError } from "node:assert";
import { tellStory } from "./src/story.ts";

const HELP = `npm run report-writer

An agent streams a report to disk and to S3; a link is opened and a file sent by plain HTTP. Starts SeaweedFS, or uses the server
of ADK_TEST_S3_URL (http://key:secret@host:port); keeps nothing, and ends with 1 when a step of the story comes out otherwise.
There are no options but --help, which prints this text.`;

const { stdout, stderr } = process;
const args = process.argv.slice(2);

if (args.includes("--help")) stdout.write(`${HELP}\n`);
else if (args.length > 0) {
  stderr.write(`There is no option ${args[0]}; --help says what there is.\n`);
  process.exitCode = 2;
} else await tell();

async function tell(): Promise<void> {
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
}
