import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { offered, sharedPostgres, sharedRedis } from "@adk/test-services";
import { placeAt } from "../src/places.ts";
import { tellStory } from "../src/story.ts";

/** For tests that start processes, on a busy machine. */
const TIMEOUT_MS = 240_000;
const server = await offered(sharedPostgres);
const redis = await offered(sharedRedis);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
});

describe.skipIf(!server || !redis)("two workers", { timeout: TIMEOUT_MS }, () => {
  it("is told by main.ts, which ends with 0", async () => {
    const main = fileURLToPath(new URL("../main.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      "--conditions=@adk/source",
      main,
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
