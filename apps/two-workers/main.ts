/** A story that checks itself; README.md tells what happens. Exits with 1 when it comes out otherwise. */
import { AdkError } from "@adk/core";
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
const options = readOptions();

if (typeof options === "string") {
  stderr.write(`${options}\n`);
  process.exitCode = 2;
} else if (options.isHelp) stdout.write(`${HELP}\n`);
else await tellAll(options);

interface Options {
  readonly isHelp: boolean;
  readonly urls: readonly string[] | undefined;
  readonly rounds: number;
}

/** What was asked for, or a sentence that says what is wrong with it. */
function readOptions(): Options | string {
  try {
    const { values } = parseArgs({
      options: {
        url: { type: "string", multiple: true },
        rounds: { type: "string", default: "10" },
        help: { type: "boolean", default: false },
      },
    });
    const rounds = Number(values.rounds);
    if (!Number.isInteger(rounds) || rounds < 1)
      return `--rounds must be a whole number of at least 1, got ${values.rounds}.`;
    const strange = values.url?.find((url) => !/^(?:postgres(?:ql)?|rediss?):\/\/./.test(url));
    if (strange !== undefined || values.url?.some((url) => !URL.canParse(url)))
      return "--url must be postgresql://… or redis://….";
    return { isHelp: values.help, urls: values.url, rounds };
  } catch (error) {
    const [sentence] = (error as Error).message.split(". ");
    return `${sentence}; --help says what there is.`;
  }
}

async function tellAll({ urls, rounds }: Options): Promise<void> {
  const print = (line: string): void => void stdout.write(`${line}\n`);
  const places = urls?.map(placeAt) ?? (await offeredPlaces());
  try {
    if (places.length === 0) throw new AssertionError({ message: "there is no server" });
    for (const open of places) {
      await using place = await open();
      print(`On ${place.name}:`);
      await tellStory({ uri: place.uri, rounds, print });
    }
    print("All of it was so.");
  } catch (error) {
    stderr.write(`${sentenceOf(error)}\n`);
    process.exitCode = 1;
  }
}

/** Why the story ended; tidying up after a server that cannot be reached fails too, and is not the reason. */
function sentenceOf(error: unknown): string {
  if (error instanceof SuppressedError) return sentenceOf(error.suppressed);
  if (error instanceof AssertionError) return `It was not so: ${error.message}`;
  if (AdkError.isInstance(error)) return `It could not be told: ${error.message}`;
  throw error;
}
