/** A story that checks itself; README.md tells what happens. Exits with 1 when it comes out otherwise. */
import { AssertionError } from "node:assert";
import { tellStory } from "./src/story.ts";

const { stdout, stderr } = process;

try {
  tellStory({ print: (line) => void stdout.write(`${line}\n`) });
  stdout.write("All of it was so.\n");
} catch (error) {
  if (!(error instanceof AssertionError)) throw error;
  stderr.write(`It was not so: ${error.message}\n`);
  process.exitCode = 1;
}
