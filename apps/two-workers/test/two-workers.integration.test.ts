import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { offered, sharedPostgres, sharedRedis } from "@adk/test-services";
import { placeAt } from "../src/places.ts";
import { tellStory } from "../src/story.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
/** For tests that start processes, on a busy machine. */
const TIMEOUT_MS = 240_000;
const server = await offered(sharedPostgres);
const redis = await offered(sharedRedis);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

/** How main.ts ends, and what it says. */
async function ending(
  ...args: string[]
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const words = ["--conditions=@adk/source", MAIN, ...args];
  return await new Promise((resolve) => {
    execFile(process.execPath, words, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

describe("main.ts", { timeout: TIMEOUT_MS }, () => {
  it.each([
    [["--nope"], "Unknown option '--nope'; --help says what there is.\n"],
    [["more"], "Unexpected argument 'more'; --help says what there is.\n"],
    [["--rounds", "0"], "--rounds must be a whole number of at least 1, got 0.\n"],
    [["--url", "mysql://a/b"], "--url must be postgresql://… or redis://….\n"],
  ])("refuses %j in one sentence, with 2", async (args, stderr) => {
    expect(await ending(...args)).toEqual({ code: 2, stdout: "", stderr });
  });

  it.each(["postgresql://u@127.0.0.1:1/d", "redis://127.0.0.1:1"])(
    "says in one line that nobody answers at %s, and ends with 1",
    async (url) => {
      const { code, stderr } = await ending("--url", url, "--rounds", "1");
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^It could not be told: \w+ at 127\.0\.0\.1:1 failed \(ECONNREFUSED\).*\n$/,
      );
    },
  );
});

describe.skipIf(!server || !redis)("two workers", { timeout: TIMEOUT_MS }, () => {
  it("is told by main.ts, which ends with 0", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=@adk/source",
      MAIN,
      "--url",
      server!.url,
      "--url",
      redis!.url,
      "--rounds",
      "2",
    ]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.filter((line) => line.startsWith("On"))).toEqual(["On PostgreSQL:", "On Redis:"]);
    expect(lines.filter((line) => line.includes("another one finished"))).toHaveLength(4);
    expect(lines.at(-1)).toBe("All of it was so.");
  });

  it("fails where a tool asks under another key each time", async () => {
    const worker = fileURLToPath(new URL("careless-worker.ts", import.meta.url));
    await using place = await placeAt(server!.url)();
    const story = tellStory({ uri: place.uri, rounds: 1, print: () => undefined, worker });
    await expect(story).rejects.toThrow("O-1 is shipped once");
  });
});
