/** A story that checks itself; README.md tells what happens. Exits with 1 when it comes out otherwise. */
import { AssertionError } from "node:assert";
import { tellStory } from "./src/story.ts";

const HELP = `npm run ported-bot

A bot written for google-adk for JavaScript runs with its import changed, and says the same. Needs no key and no server, keeps
nothing, and ends with 1 when a step of the story comes out otherwise. There are no options but --help, which prints this text.`;

const { stdout, stderr } = process;
const args = process.argv.slice(2);

if (args.includes("--help")) stdout.write(`${HELP}\n`);
else if (args.length > 0) {
  stderr.write(`There is no option ${args[0]}; --help says what there is.\n`);
  process.exitCode = 2;
} else tell();

function tell(): void {
  try {
    tellStory({ print: (line) => void stdout.write(`${line}\n`) });
    stdout.write("All of it was so.\n");
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    stderr.write(`It was not so: ${error.message}\n`);
    process.exitCode = 1;
  }
}
