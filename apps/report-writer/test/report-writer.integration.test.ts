import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { offered, S3Server, sharedS3 } from "@adk/test-services";
import { afterAll, describe, expect, it } from "vitest";
import { salesReport } from "../src/sales-report.ts";
import { tellStory } from "../src/story.ts";

/** It writes some megabytes, and may start a process, on a busy machine. */
const TIMEOUT_MS = 120_000;
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const program = (...args: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, ["--conditions=@adk/source", MAIN, ...args]);
const seaweedFs = await offered(sharedS3);
afterAll(async () => await seaweedFs?.[Symbol.asyncDispose]());

describe("the report writer", { timeout: TIMEOUT_MS }, () => {
  it("comes to its end on the S3 of our own", async () => {
    await using s3 = await S3Server.start();
    const lines: string[] = [];
    await tellStory({ s3, print: (line) => void lines.push(line) });
    expect(lines).toContain("In a folder: The report is sales.csv, version 0.");
    expect(lines).toContain("On S3: The report is sales.csv, version 0.");
    expect(lines.at(-1)).toBe("The agent has read it: returns.csv has 3 lines.");
  });

  it("fails where a piece of the report is lost", async () => {
    await using s3 = await S3Server.start();
    async function* report(): AsyncGenerator<Uint8Array> {
      let count = 0;
      for await (const piece of salesReport()) if (++count !== 7) yield piece;
    }
    const story = tellStory({ s3, report, print: () => undefined });
    await expect(story).rejects.toThrow("sales.csv is whole");
  });

  it.skipIf(!seaweedFs)("is told by main.ts, which ends with 0", async () => {
    const { stdout } = await program();
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("All of it was so.");
  });

  it("is not told by main.ts when it is asked for help, or for what there is not", async () => {
    const { stdout } = await program("--help");
    expect(stdout).toMatch(/^npm run report-writer\n/);
    expect(stdout).not.toContain("All of it was so.");
    await expect(program("--fast")).rejects.toMatchObject({
      code: 2,
      stdout: "",
      stderr: "There is no option --fast; --help says what there is.\n",
    });
  });
});
