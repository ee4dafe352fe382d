/** A story that checks itself; README.md tells what happens. Exits with 1 when it comes out otherwise. */
import { AssertionError } from "node:assert";
import { parseArgs } from "node:util";
import { offeredPlaces, placeAt } from "./src/places.ts";
import { tellStory } from "./src/story.ts";

const HELP = `npm run two-workers -- [options]

Workers are killed while their tools run; others finish the runs, and a reader misses nothing.

  --url URL     postgresql://… or redis://…, instead of servers of its own; may be repeated
  --rounds N    how many workers are killed (default: 10)
  --help        this text`;

const { stdout, stderr } = process;
const { values } = parseArgs({
  options: {
    url: { type: "string", multiple: true },
    rounds: { type: "string", default: "10" },
    help: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);

if (values.help) stdout.write(`${HELP}\n`);
else if (!Number.isInteger(rounds) || rounds < 1) {
  stderr.write(`--rounds must be a whole number of at least 1, got ${values.rounds}.\n`);
  process.exitCode = 2;
} else await tellAll();

async function tellAll(): Promise<void> {
  const print = (line: string): void => void stdout.write(`${line}\n`);
  const places = values.url ? values.url.map(placeAt) : await offeredPlaces();
  try {
    if (places.length === 0) throw new AssertionError({ message: "there is no server" });
    for (const open of places) {
      await using place = await open();
      print(`On ${place.name}:`);
      await tellStory({ uri: place.uri, rounds, print });
    }
    print("All of it was so.");
  } catch (error) {
    if (!(error instanceof AssertionError)) throw error;
    stderr.write(`It was not so: ${error.message}\n`);
    process.exitCode = 1;
  }
}
