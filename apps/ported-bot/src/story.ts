import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where `npm run bench` installs it. */
const PEER = new URL(
  "../../../bench/.peer/google-adk-2.0.0/node_modules/@google/adk/",
  import.meta.url,
);
const RECORDED = new URL("bot.expected.txt", import.meta.url);

/** What the bot prints with a package, by its specifier or its URL, in the place of `@google/adk`. */
function runBot(target: string): string {
  const script = fileURLToPath(new URL("run-with.ts", import.meta.url));
  return execFileSync(process.execPath, ["--conditions=@adk/source", script, target], {
    encoding: "utf8",
    timeout: 60_000,
  });
}

/** @returns what it prints with @google/adk 2.0.0 itself; `undefined` where that is not installed. */
function runWithPeer(): string | undefined {
  const manifest = new URL("package.json", PEER);
  if (!existsSync(manifest)) return undefined;
  const { exports } = JSON.parse(readFileSync(manifest, "utf8")) as {
    exports: { ".": { import?: string; default: string } };
  };
  const printed = runBot(new URL(exports["."].import ?? exports["."].default, PEER).href);
  // Its log goes to the same output.
  return printed.replaceAll(/^.*\[ADK\].*\n/gm, "");
}

/** The story; it throws when something in it is not so. */
export function tellStory({ print }: { print(line: string): void }): void {
  const recorded = readFileSync(RECORDED, "utf8");
  const ours = runBot("@adk/core");
  print(ours.trimEnd());
  assert.equal(ours, recorded, "with @adk/core the bot prints what it prints with @google/adk");
  print("The bot prints the same with @adk/core as was recorded with @google/adk 2.0.0.");
  const theirs = runWithPeer();
  if (theirs === undefined) {
    print("Not run with @google/adk itself: `npm run bench` installs it.");
    return;
  }
  assert.equal(theirs, recorded, "the recording is what @google/adk says");
  print("So it does with @google/adk itself, from bench/.peer.");
}
