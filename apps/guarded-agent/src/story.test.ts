import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Register } from "./register.ts";
import { tellStory } from "./story.ts";

/** It may start a process, on a busy machine. */
const TIMEOUT_MS = 60_000;
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const program = (...args: string[]): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, ["--conditions=@adk/source", MAIN, ...args]);
const print = (): void => undefined;

describe("the story", { timeout: TIMEOUT_MS }, () => {
  it("comes to its end, with 11,000 tokens left", async () => {
    const lines: string[] = [];
    await tellStory({ print: (line) => void lines.push(line) });
    expect(lines[0]).toContain("ada ([redacted]) was not found in time");
    expect(lines.at(-1)).toContain("11000 tokens are left.");
    expect(lines.join("\n")).not.toContain("sk-live");
  });

  it("fails without redaction", async () => {
    const story = tellStory({ print, choose: ({ budget, retries }) => [retries, budget] });
    await expect(story).rejects.toThrow("no secret");
  });

  it("fails without retries", async () => {
    const story = tellStory({ print, choose: ({ budget, redaction }) => [budget, redaction] });
    await expect(story).rejects.toThrow("it is told why");
  });

  it("fails without a budget", async () => {
    const story = tellStory({ print, choose: ({ redaction, retries }) => [retries, redaction] });
    await expect(story).rejects.toThrow("the budget ends the run");
  });

  it("ends where the register stays busy", async () => {
    const story = tellStory({ print, register: new Register(3) });
    await expect(story).rejects.toMatchObject({ code: "TOOL_FAILED" });
  });

  it("is told by main.ts, which ends with 0", async () => {
    const { stdout } = await program();
    expect(stdout).toContain("is ended:");
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("All of it was so.");
  });

  it("is not told by main.ts when it is asked for help, or for what there is not", async () => {
    const { stdout } = await program("--help");
    expect(stdout).toMatch(/^npm run guarded-agent\n/);
    expect(stdout).not.toContain("All of it was so.");
    await expect(program("--fast")).rejects.toMatchObject({
      code: 2,
      stdout: "",
      stderr: "There is no option --fast; --help says what there is.\n",
    });
  });
});
